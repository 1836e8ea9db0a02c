import { createHash } from 'node:crypto';
import { ApiError } from '../api/errors.ts';
import type { BrowserRequest } from '../api/raw-request.ts';
import type { FailedAuthenticationLog } from '../audit/failures.ts';
import type { Control } from '../control/open.ts';
import type { Limiter } from '../limits/limiter.ts';
import { listProjectIds } from './account.ts';

/** What attempts are limited by: account and network. `network` is undefined if limits per address must not apply. */
export type AttemptSource = { email: string; network: string | undefined };

/**
 * Runs `attempt`, which returns undefined for a wrong password or code, within the limit of failures per account and
 * per address. Email addresses without an account have the same limit. Throws 429 before running it.
 */
export async function limitAttempts<T>(
  { limiter }: { limiter: Limiter },
  { email, network }: AttemptSource,
  attempt: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const names = [`account ${hashOf(email)}`, ...(network === undefined ? [] : [`address ${network}`])];
  const seconds = await limiter.chargeSignIn(names);
  if (seconds !== undefined)
    throw tooManyAttempts('Too many wrong passwords for this account or from this address.', seconds);
  const outcome = await attempt();
  if (outcome !== undefined) await limiter.refundSignIn(names);
  return outcome;
}

/** Returns the 429 for too many failures; `seconds` is the wait until the next attempt. */
export const tooManyAttempts = (sentence: string, seconds: number) =>
  new ApiError('rate_limited', {
    detail: `${sentence} Try again in ${seconds} s.`,
    members: { category: 'sign-in', policy: 'sign-in', retry_after_ms: seconds * 1_000 },
    headers: { 'Retry-After': String(seconds) },
  });

/** Has a fixed length, however long the input: the names are kept in memory or in a shared store. */
const hashOf = (email: string) =>
  createHash('sha256').update(email.toLowerCase()).digest('base64url').slice(0, 22);

/**
 * Records a wrong password or code in the projects of the person; `personId` is undefined if there is no such account.
 * Only queued: the time of a write would reveal whether the account exists.
 */
export async function recordFailedAttempt(
  { control, failures }: { control: Control; failures: FailedAuthenticationLog },
  { address, requestId }: Pick<BrowserRequest, 'address' | 'requestId'>,
  personId: string | undefined,
): Promise<void> {
  const failure = { code: 'invalid_credentials', found: undefined, address, requestId } as const;
  const projectIds = await listProjectIds(control.db, personId ?? '');
  if (personId === undefined || projectIds.length === 0) return failures.record(failure);
  for (const projectId of projectIds) failures.record({ ...failure, person: { id: personId, projectId } });
}
