import type { KeyObject } from 'node:crypto';
import { type PublicKeys, parseGithubKeys } from '../config/scanning-keys.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../lib/durations.ts';

const META_URL = 'https://api.github.com/meta/public_keys/secret_scanning';
const FETCH_MS_MAX = 5_000;
/** An identifier nobody has costs GitHub's server one request a minute at most, whoever makes them up. */
const RETRY_AFTER_MS = MINUTE_MS;
const CACHED_MS = DAY_MS;
const BACKOFF_MS_MAX = HOUR_MS;

/** The key of an identifier; that GitHub has none; or that this cannot be known until it answers again. */
export type KeyLookup =
  | { outcome: 'found'; key: KeyObject }
  | { outcome: 'unknown' }
  | { outcome: 'unavailable'; retryAfterSeconds: number; cause: unknown };

/** Where GitHub's public keys are had. */
export type GithubKeys = {
  /** Never rejects. */
  find: (identifier: string) => Promise<KeyLookup>;
};

export type GithubKeysOptions = {
  /** Pinned keys (`APPFLOW_GITHUB_SCANNING_KEYS_FILE`): then nobody is asked. */
  pinned?: PublicKeys | undefined;
  fetch?: typeof fetch;
  nowMs?: () => number;
};

/**
 * Returns GitHub's keys: the pinned ones, or those of its meta endpoint, asked when needed and kept for a day; while it
 * does not answer the keys at hand serve on, and it is asked again after a minute, two, four … at most an hour.
 */
export function createGithubKeys(options: GithubKeysOptions = {}): GithubKeys {
  const { pinned, fetch: ask = fetch, nowMs = () => performance.now() } = options;
  if (pinned) return { find: async (identifier) => toLookup(pinned.get(identifier)) };
  let cached: PublicKeys = new Map();
  let askedAt = Number.NEGATIVE_INFINITY;
  let refreshAt = Number.NEGATIVE_INFINITY;
  /** Of the asking since the last that succeeded: how often, and why the last one failed. */
  let failures = 0;
  let cause: unknown;
  let asking: Promise<void> | undefined;

  async function update(): Promise<void> {
    askedAt = nowMs();
    try {
      cached = await fetchKeys(ask);
      failures = 0;
      refreshAt = askedAt + CACHED_MS;
    } catch (error) {
      cause = error;
      refreshAt = askedAt + Math.min(RETRY_AFTER_MS * 2 ** failures, BACKOFF_MS_MAX);
      failures += 1;
    }
  }

  async function find(identifier: string): Promise<KeyLookup> {
    const now = nowMs();
    const isMissing = !cached.has(identifier);
    const isDue = now >= refreshAt;
    if (isDue || (isMissing && now - askedAt >= RETRY_AFTER_MS)) {
      asking ??= update().finally(() => {
        asking = undefined;
      });
    }
    if (isDue || isMissing) await asking;
    const key = cached.get(identifier);
    // After a failure nobody knows whether GitHub has a key that is not at hand: to say "unknown" would lose a report.
    if (key || failures === 0) return toLookup(key);
    const waitMs = askedAt + RETRY_AFTER_MS - nowMs();
    return { outcome: 'unavailable', retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1_000)), cause };
  }

  return { find };
}

function toLookup(key: KeyObject | undefined): KeyLookup {
  return key ? { outcome: 'found', key } : { outcome: 'unknown' };
}

async function fetchKeys(ask: typeof fetch): Promise<PublicKeys> {
  const response = await ask(META_URL, { signal: AbortSignal.timeout(FETCH_MS_MAX), redirect: 'error' });
  if (!response.ok) throw new Error(`${META_URL} answered ${response.status}`);
  return parseGithubKeys(await response.text());
}
