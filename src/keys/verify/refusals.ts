import { ApiError } from '../../api/errors.ts';
import type { FoundKey } from '../../directory/directory.ts';
import { findUsageRefusal, type RequestOrigin, type UsageRefusal } from './usage-restrictions.ts';
import { findStateRefusal, type StateRefusal } from './verify.ts';

/** Returns the 401 of a key that was shown but is not good, with the challenge RFC 6750 §3 asks for. */
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

/** Why a key that was let in would not be let in now. */
export type AccessRefusal = StateRefusal | UsageRefusal;

/**
 * Returns why a key that was let in with this secret may not be used any more, in the order of the door; undefined while
 * it may. `found` is the key as it is by now. Says nothing about scopes.
 */
export function findAccessRefusal(
  found: FoundKey,
  place: RequestOrigin,
  now: number,
): AccessRefusal | undefined {
  return findStateRefusal(found, now) ?? findUsageRefusal(found.key, place);
}

/** Returns the answer to a key whose right is lost: the one it would get at the door. */
export function accessRefusalError(code: AccessRefusal, address: string): ApiError {
  return isUsageRefusal(code) ? usageRefusalError(code, address) : invalidToken(code);
}

const USAGE_REFUSALS: readonly string[] = [
  'ip_not_allowed',
  'secret_key_in_browser',
  'origin_not_allowed',
] satisfies UsageRefusal[];

const isUsageRefusal = (code: AccessRefusal): code is UsageRefusal => USAGE_REFUSALS.includes(code);

/** Returns the 403 of a key that is used from the wrong place. */
export function usageRefusalError(code: UsageRefusal, address: string): ApiError {
  return new ApiError(
    code,
    code === 'ip_not_allowed' ? { detail: `This key cannot be used from ${address}.` } : {},
  );
}
