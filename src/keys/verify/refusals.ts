import { ERRORS } from '../../api/error-codes.ts';
import { ApiError } from '../../api/errors.ts';
import type { FoundKey } from '../../directory/directory.ts';
import { findUsageRefusal, type RequestOrigin, type UsageRefusal } from './usage-restrictions.ts';
import { findStateRefusal, type StateRefusal } from './verify.ts';

/** Returns the 401 for a key that was presented but is not valid, with the challenge that RFC 6750 §3 requires. */
export function invalidToken(
  code: 'invalid_api_key' | 'api_key_expired' | 'api_key_revoked' | 'api_key_disabled',
  detail?: string,
): ApiError {
  const description = code === 'invalid_api_key' ? '' : `, error_description="${DESCRIPTIONS[code]}"`;
  return new ApiError(code, {
    ...(detail === undefined ? {} : { detail }),
    headers: { 'www-authenticate': `Bearer realm="appflow", error="invalid_token"${description}` },
  });
}

const DESCRIPTIONS = {
  api_key_expired: 'The API key expired',
  api_key_revoked: 'The API key was revoked',
  api_key_disabled: 'The API key is disabled',
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

/** Returns the error for a key that can no longer be used: the one that a new request with it would get. */
export function accessRefusalError(code: AccessRefusal, address: string): ApiError {
  return isUsageRefusal(code) ? usageRefusalError(code, address) : invalidToken(code);
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
