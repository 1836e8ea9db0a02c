import { createHash } from 'node:crypto';
import { ApiError } from '../api/errors.ts';
import type { ApiKey } from '../directory/key.ts';

/**
 * Returns the entity tag of a key (RFC 9110 §8.8.3), quoted as in headers. It changes with every change by a caller, and
 * never with what the server does by itself, or a PATCH with If-Match would fail without a conflict. So these are left
 * out: `revision`, which counts every write; a secret's MAC, recomputed under a new APPFLOW_SECRET; its first use; and
 * the expiry of the old secret, which that first use can move. A rotation or the end of a grace period still shows,
 * because it adds or revokes a secret.
 */
export function etagOf(key: ApiKey): string {
  const known = etags.get(key);
  if (known !== undefined) return known;
  const etag = makeEtag(key);
  etags.set(key, etag);
  return etag;
}

/** A record is never changed, only replaced. Hashing it for each response took a tenth of the whole request. */
const etags = new WeakMap<ApiKey, string>();

function makeEtag(key: ApiKey): string {
  const { revision: _revision, granted: _granted, allowedSdks, secrets, ...fields } = key;
  // Left out if null, so that keys without it have the tag that nodes of the release before it compute.
  const sdks = allowedSdks === null ? {} : { allowedSdks };
  const state = {
    ...fields,
    ...sdks,
    secrets: secrets.map(({ version, revokedAt }) => [version, revokedAt]),
  };
  return `"${createHash('sha256').update(JSON.stringify(state)).digest('base64url').slice(0, 22)}"`;
}

/**
 * Throws 412 if there is an `If-Match` header that does not name the key's current version (RFC 9110 §13.1.1). The
 * comparison is strong, so a weak tag never matches; a tag without quotes is accepted.
 */
export function requireMatch(ifMatch: string | undefined, key: ApiKey): void {
  if (ifMatch === undefined) return;
  const etag = etagOf(key);
  const tags = ifMatch.split(',').map((tag) => tag.trim());
  if (tags.some((tag) => tag === '*' || tag === etag || `"${tag}"` === etag)) return;
  throw new ApiError('precondition_failed', {
    detail: `The key's etag is ${etag}, but If-Match is ${ifMatch.slice(0, 100)}. Read the key again.`,
    headers: { etag },
  });
}
