import { createHash } from 'node:crypto';
import { ApiError } from '../api/errors.ts';
import type { BrowserRequest } from '../api/raw-request.ts';
import type { FailedAuthenticationLog } from '../audit/failures.ts';
import type { Control } from '../control/open.ts';
import type { Limiter } from '../limits/limiter.ts';
import { listProjectIds } from './account.ts';

/** Whose password is tried, and from where; `network` is undefined where addresses must not count. */
export type Attempted = { email: string; network: string | undefined };

/**
 * Tries a password, or a code, within the limit of wrong ones per account and per address: `attempt` returns undefined
 * when it was wrong. An account that does not exist has the same limit. Throws 429 before anything is looked at.
 */
export async function limitAttempts<T>(
  { limiter }: { limiter: Limiter },
  { email, network }: Attempted,
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

/** Returns the 429 of whoever was wrong too often and may try again in so many seconds. */
export const tooManyAttempts = (sentence: string, seconds: number) =>
  new ApiError('rate_limited', {
    detail: `${sentence} Try again in ${seconds} s.`,
    members: { category: 'sign-in', policy: 'sign-in', retry_after_ms: seconds * 1_000 },
    headers: { 'Retry-After': String(seconds) },
  });

/** Of one length, whatever was typed: the names are kept in memory, or in a shared store. */
const hashOf = (email: string) =>
  createHash('sha256').update(email.toLowerCase()).digest('base64url').slice(0, 22);

/**
 * Notes a wrong password or code in the projects of the person whose it was to be; `personId` is undefined when there
 * is no such account. Only queued: writing it would tell by the time it takes.
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
