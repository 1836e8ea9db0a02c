import { ApiError } from '../../api/errors.ts';
import { invalidToken } from '../../keys/verify/refusals.ts';

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
