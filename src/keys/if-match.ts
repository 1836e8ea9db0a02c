import { ApiError } from '../api/errors.ts';
import type { ApiKey } from '../directory/key.ts';
import { etagOf } from './etag.ts';

/**
 * Throws 412 when the `If-Match` header is there and names no version that the key has (RFC 9110 §13.1.1). The
 * comparison is strong, so a weak tag never matches; a tag without its quotes is understood.
 */
export function requireMatch(ifMatch: string | undefined, key: ApiKey): void {
  if (ifMatch === undefined) return;
  const etag = etagOf(key);
  const names = ifMatch.split(',').map((name) => name.trim());
  if (names.some((name) => name === '*' || name === etag || `"${name}"` === etag)) return;
  throw new ApiError('precondition_failed', {
    detail: `The key is at ${etag}, If-Match asks for ${ifMatch.slice(0, 100)}.`,
    headers: { etag },
  });
}
