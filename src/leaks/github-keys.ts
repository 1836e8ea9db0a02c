import { createPublicKey, type KeyObject } from 'node:crypto';

const META_URL = 'https://api.github.com/meta/public_keys/secret_scanning';
const FETCH_MS_MAX = 5_000;
/** An identifier nobody has costs GitHub's server one request a minute at most, whoever makes them up. */
const ASK_AGAIN_MS = 60_000;
const CACHED_MS = 24 * 3_600_000;

/** The public keys GitHub signs its reports with, by their identifiers. */
export type PublicKeys = ReadonlyMap<string, KeyObject>;

/** Where GitHub's public keys are had. */
export type GithubKeys = {
  /** Resolves with the key of this identifier, undefined when GitHub has none. Rejects when it cannot be asked. */
  find: (identifier: string) => Promise<KeyObject | undefined>;
};

export type GithubKeysOptions = {
  /** Pinned keys (`APPFLOW_GITHUB_SCANNING_KEYS_FILE`): then nobody is asked. */
  pinned?: PublicKeys | undefined;
  fetch?: typeof fetch;
  nowMs?: () => number;
};

/** Returns the keys in the answer of GitHub's meta endpoint. Throws when it is not of that form or holds none. */
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

/** Returns GitHub's keys: the pinned ones, or those of its meta endpoint, asked when needed and kept for a day. */
export function createGithubKeys(options: GithubKeysOptions = {}): GithubKeys {
  const { pinned, fetch: ask = fetch, nowMs = () => performance.now() } = options;
  let cached: PublicKeys = new Map();
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  async function update(): Promise<void> {
    askedAt = nowMs();
    const signal = AbortSignal.timeout(FETCH_MS_MAX);
    const response = await ask(META_URL, { signal, redirect: 'error' });
    if (!response.ok) throw new Error(`${META_URL} answered ${response.status}`);
    cached = parseGithubKeys(await response.text());
  }

  async function find(identifier: string): Promise<KeyObject | undefined> {
    const age = nowMs() - askedAt;
    const isWanted = age >= CACHED_MS || (!cached.has(identifier) && age >= ASK_AGAIN_MS);
    if (isWanted) {
      asking ??= update().finally(() => {
        asking = undefined;
      });
    }
    try {
      await asking;
    } catch (error) {
      // A key that is known serves on while GitHub does not answer.
      if (!cached.has(identifier)) throw error;
    }
    return cached.get(identifier);
  }

  return pinned ? { find: async (identifier) => pinned.get(identifier) } : { find };
}
