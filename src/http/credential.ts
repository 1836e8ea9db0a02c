import { ApiError } from '../api/errors.ts';

const BEARER = /^bearer +([^\s,]+) *$/i;

/**
 * Returns the key in `Authorization: Bearer <key>` (RFC 6750 §2.1; the scheme ignores case, the key does not).
 * Reads the raw header list, because Node silently keeps the first of two Authorization headers. Throws ApiError.
 */
export function readCredential(rawHeaders: readonly string[]): string {
  let found: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name === undefined || name.length !== 13 || name.toLowerCase() !== 'authorization') continue;
    if (found !== undefined) throw new ApiError('multiple_credentials');
    found = rawHeaders[index + 1] ?? '';
  }
  if (found === undefined || found.trim() === '') {
    throw new ApiError('missing_api_key', { headers: { 'www-authenticate': 'Bearer realm="appflow"' } });
  }
  const key = BEARER.exec(found)?.[1];
  if (key === undefined) {
    throw invalidToken('invalid_api_key', 'The Authorization header is not of the form "Bearer <key>".');
  }
  return key;
}

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
