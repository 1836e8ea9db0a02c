import { createHash } from 'node:crypto';
import { ApiError } from '../api/errors.ts';
import type { ApiKey } from '../directory/key.ts';

/**
 * Returns the entity tag of a key (RFC 9110 §8.8.3), quoted as headers want it: another one whenever somebody changed
 * the key. What the server does by itself does not move it, or a PATCH with If-Match would fail though nobody else was
 * faster: not `revision`, which counts every write; not a secret's MAC, made anew under a new APPFLOW_SECRET; not its
 * first use, nor the end of the former secret, which a countdown that waits for that use moves. Whoever rotates or
 * ends a grace adds a secret or revokes one.
 */
export function etagOf(key: ApiKey): string {
  const known = etags.get(key);
  if (known !== undefined) return known;
  const etag = makeEtag(key);
  etags.set(key, etag);
  return etag;
}

/** A record is never changed, only replaced: hashing it at each telling took a tenth of a whole request. */
const etags = new WeakMap<ApiKey, string>();

function makeEtag(key: ApiKey): string {
  const { revision: _revision, granted: _granted, secrets, ...told } = key;
  const state = { ...told, secrets: secrets.map(({ version, revokedAt }) => [version, revokedAt]) };
  return `"${createHash('sha256').update(JSON.stringify(state)).digest('base64url').slice(0, 22)}"`;
}

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
