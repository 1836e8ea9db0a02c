import { createHash } from 'node:crypto';
import { ApiError } from '../api/errors.ts';
import type { BrowserRequest } from '../api/raw-request.ts';
import type { FailedAuthenticationLog } from '../audit/failures.ts';
import type { Control } from '../control/control.ts';
import { StorageError } from '../lib/errors.ts';
import type { AttemptBucket, AttemptDenial } from '../limits/attempt-limits.ts';
import type { Limiter } from '../limits/limiter.ts';
import { listProjectIds } from './account.ts';

/**
 * Runs `attempt`, which checks a password, code or link and returns undefined for a wrong one. The only way to check one:
 * a failure is spent first and refunded if it was right, so that a burst of guesses sent together is limited like guesses
 * sent one by one. Throws 429 before running it, and what it throws; `isUnchecked` says which errors refund it.
 */
export async function limitAttempts<T>(
  { limiter }: { limiter: Limiter },
  buckets: readonly AttemptBucket[],
  attempt: () => Promise<T | undefined>,
  isUnchecked = isOurFailure,
): Promise<T | undefined> {
  const denial = await limiter.chargeAttempt(buckets);
  if (denial) throw tooManyAttempts(denial);
  try {
    const outcome = await attempt();
    if (outcome !== undefined) await limiter.refundAttempt(buckets);
    return outcome;
  } catch (error) {
    if (isUnchecked(error)) await limiter.refundAttempt(buckets);
    throw error;
  }
}

/** Whether too many waited for their turn: nothing was checked. */
export const isOverload = (error: unknown): boolean =>
  error instanceof ApiError && error.code === 'overloaded';

/** A wrong password or link fails without a write: when a store fails, it was right, or was not checked. */
const isOurFailure = (error: unknown) => isOverload(error) || error instanceof StorageError;

const tooManyAttempts = ({ policy, retryAfterSeconds: seconds }: AttemptDenial) =>
  new ApiError('rate_limited', {
    detail: `Too many wrong passwords, codes or links for this account or from this address. Try again in ${seconds} s.`,
    members: { category: 'sign-in', policy, retry_after_ms: seconds * 1_000 },
    headers: { 'Retry-After': String(seconds) },
  });

/** Who tries a password: `deviceId` is that of a device known to the account. */
export type PasswordSource = { email: string; network: string; deviceId: string | undefined };

/**
 * Returns what a password is charged to: the known device alone, or the account's bucket for all unknown devices, and the
 * address. Email addresses without an account have the same limit.
 */
export const passwordBuckets = ({ email, network, deviceId }: PasswordSource): AttemptBucket[] =>
  deviceId === undefined
    ? [
        { policy: 'sign-in-account', name: `account ${hashOf(email)}` },
        { policy: 'sign-in', of: 'passwords', network },
      ]
    : [{ policy: 'sign-in', name: `device ${deviceId}` }];

/** Returns what a code at sign-in is charged to: the known device, or the account. The password was right before it. */
export const codeBuckets = (personId: string, deviceId: string | undefined): AttemptBucket[] => [
  { policy: 'sign-in-code', name: deviceId === undefined ? `account ${personId}` : `device ${deviceId}` },
];

/** Returns what a password or code in a session is charged to: the session, which others cannot use up. */
export const sessionBuckets = (
  policy: 'sign-in' | 'sign-in-code',
  { id }: { id: string },
): AttemptBucket[] => [{ policy, name: `session ${id}` }];

/**
 * Returns what a link is charged to: the address, since only a link that works names an account. Apart from passwords:
 * wrong ones from the same address must not prevent anyone from accepting an invitation.
 */
export const linkBuckets = (network: string): AttemptBucket[] => [
  { policy: 'sign-in', of: 'links', network },
];

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
