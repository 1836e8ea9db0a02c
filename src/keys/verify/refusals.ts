import { ERRORS } from '../../api/error-codes.ts';
import { ApiError } from '../../api/errors.ts';
import type { FoundKey } from '../../directory/directory.ts';
import { isRestorable } from '../../directory/key.ts';
import { findUsageRefusal, type RequestOrigin, type UsageRefusal } from './usage-restrictions.ts';
import { findStateRefusal, type StateRefusal } from './verify.ts';

/** What else a 401 says. `description` is that of RFC 6750 §3. */
type InvalidToken = { description?: string; isReversible?: boolean };

/** Returns the 401 for a key that was presented but is not valid, with the challenge that RFC 6750 §3 requires. */
export function invalidToken(
  code: 'invalid_api_key' | StateRefusal,
  detail?: string,
  { description, isReversible = false }: InvalidToken = {},
): ApiError {
  const reason = description === undefined ? '' : `, error_description="${description}"`;
  return new ApiError(code, {
    ...(detail === undefined ? {} : { detail }),
    headers: { 'www-authenticate': `Bearer realm="appflow", error="invalid_token"${reason}` },
    isReversible,
  });
}

/** Returns the 401 for a key in this state at `now`: the code says what happened to it, the detail what to do. */
export function stateRefusalError(code: StateRefusal, found: FoundKey, now: number): ApiError {
  const [detail, description] = REASONS[findReason(code, found, now)];
  const isReversible = code === 'api_key_revoked' && wouldWorkRestored(found, now);
  return invalidToken(code, detail, { description, isReversible });
}

/** Whether the key can be restored, and this secret would work then (once the key is enabled, if it is disabled). */
function wouldWorkRestored({ key, secret }: FoundKey, now: number): boolean {
  if (!isRestorable(key, now)) return false;
  const code = findStateRefusal({ key: { ...key, revokedAt: null }, secret }, now);
  return code === undefined || code === 'api_key_disabled';
}

/** A secret can stop working while its key still works: after a rotation. */
function findReason(code: StateRefusal, { key }: FoundKey, now: number): keyof typeof REASONS {
  if (code === 'api_key_disabled') return key.isProjectDeleted ? 'project_deleted' : code;
  const isKeyLive = key.revokedAt === null && (key.expiresAt === null || key.expiresAt > now);
  return isKeyLive ? 'secret_replaced' : code;
}

/** Detail and description. The description of RFC 6750 §3 is for developers, without quotes. */
const REASONS = {
  api_key_expired: ['This key has expired. Create a new one.', 'The API key expired'],
  api_key_revoked: ['This key was revoked. Use another one.', 'The API key was revoked'],
  api_key_disabled: ['This key is disabled. Enable it again, or use another one.', 'The API key is disabled'],
  secret_replaced: [
    "This secret was replaced when the key was rotated, and no longer works. Use the key's new secret.",
    'The secret was replaced by a rotation',
  ],
  project_deleted: [
    'The project of this key was deleted. An owner can restore it in the dashboard within 30 days.',
    'The project was deleted',
  ],
} as const;

/** Why a key that was accepted would now be rejected. */
export type AccessRefusal = StateRefusal | UsageRefusal;

/**
 * Returns why a key that was accepted with this secret can no longer be used, in the order of authentication; undefined if
 * it still can. `found` is the key as it is now. Does not check scopes.
 */
export function findAccessRefusal(
  found: FoundKey,
  origin: RequestOrigin,
  now: number,
): AccessRefusal | undefined {
  return findStateRefusal(found, now) ?? findUsageRefusal(found.key, origin);
}

/** Returns the error for a key that can no longer be used: the one that a new request with it would get at `now`. */
export function accessRefusalError(
  code: AccessRefusal,
  found: FoundKey,
  { address, now }: { address: string; now: number },
): ApiError {
  return isUsageRefusal(code) ? usageRefusalError(code, address) : stateRefusalError(code, found, now);
}

const USAGE_REFUSALS: readonly string[] = [
  'ip_not_allowed',
  'secret_key_in_browser',
  'origin_not_allowed',
] satisfies UsageRefusal[];

const isUsageRefusal = (code: AccessRefusal): code is UsageRefusal => USAGE_REFUSALS.includes(code);

/** Returns the 403 for a request that violates the key's usage restrictions. */
export function usageRefusalError(code: UsageRefusal, address: string): ApiError {
  return new ApiError(code, { detail: toUsageDetail(code, address) });
}

function toUsageDetail(code: UsageRefusal, address: string): string {
  if (code === 'ip_not_allowed') return `This key cannot be used from ${address}.`;
  const { meaning, cure } = ERRORS[code];
  return `${meaning} ${cure}`;
}
