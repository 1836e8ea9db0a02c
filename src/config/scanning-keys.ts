import { createPublicKey, type KeyObject } from 'node:crypto';

/** The public keys that GitHub signs its reports with, by identifier. */
export type PublicKeys = ReadonlyMap<string, KeyObject>;

/** Returns the keys in a response of GitHub's meta endpoint. Throws if it is invalid or contains none. */
export function parseGithubKeys(text: string): PublicKeys {
  const { public_keys: list } = JSON.parse(text) as { public_keys?: unknown };
  if (!Array.isArray(list) || list.length === 0) throw new Error('There is no list "public_keys".');
  return new Map(list.map(parseKey));
}

function parseKey(entry: { key_identifier?: unknown; key?: unknown }): [string, KeyObject] {
  const key = createPublicKey(String(entry.key));
  const isP256 = key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
  if (typeof entry.key_identifier === 'string' && isP256) return [entry.key_identifier, key];
  throw new Error('A key has no key_identifier, or is not on the curve P-256.');
}
