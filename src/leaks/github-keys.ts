import type { KeyObject } from 'node:crypto';
import { type PublicKeys, parseGithubKeys } from '../config/scanning-keys.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../lib/durations.ts';
import type { Log } from '../lib/log.ts';

const META_URL = 'https://api.github.com/meta/public_keys/secret_scanning';
const FETCH_MS_MAX = 5_000;
/** Unknown identifiers, which anyone can invent, cost GitHub's server at most one request per minute. */
const RETRY_AFTER_MS = MINUTE_MS;
const CACHED_MS = DAY_MS;
const BACKOFF_MS_MAX = HOUR_MS;

/** The result of a lookup: the key, or GitHub has none, or that is unknown until its server responds again. */
export type KeyLookup =
  | { outcome: 'found'; key: KeyObject }
  | { outcome: 'unknown' }
  | { outcome: 'unavailable'; retryAfterSeconds: number };

/** The source of GitHub's public keys. */
export type GithubKeys = {
  /** Returns the key with this identifier. Never rejects. */
  find: (identifier: string) => Promise<KeyLookup>;
};

/** Where GitHub's public keys come from; `fetch` and `nowMs` are replaced by tests. */
export type GithubKeysOptions = {
  /** Pinned keys (`APPFLOW_GITHUB_SCANNING_KEYS_FILE`): then nothing is fetched. */
  pinned?: PublicKeys | undefined;
  fetch?: typeof fetch;
  nowMs?: () => number;
  log?: Pick<Log, 'warn'>;
};

/**
 * Returns GitHub's keys: the pinned ones, or those of its meta endpoint, fetched when needed and cached for a day. While
 * it does not respond, the cached keys stay in use, and it is tried again after a minute, two, four … at most an hour.
 */
export function createGithubKeys(options: GithubKeysOptions = {}): GithubKeys {
  const { pinned, fetch: fetchUrl = fetch, nowMs = () => performance.now(), log } = options;
  if (pinned) return { find: async (identifier) => toLookup(pinned.get(identifier)) };
  let cached: PublicKeys = new Map();
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let refreshAt = Number.NEGATIVE_INFINITY;
  /** How many fetches failed since the last success. */
  let failures = 0;
  let fetching: Promise<void> | undefined;

  async function update(): Promise<void> {
    fetchedAt = nowMs();
    try {
      cached = await fetchKeys(fetchUrl);
      if (failures > 0) log?.warn({ failures }, "GitHub's public keys can be fetched again");
      failures = 0;
      refreshAt = fetchedAt + CACHED_MS;
    } catch (err) {
      // Only the first failure: anyone can cause a fetch per minute.
      if (failures === 0)
        log?.warn({ err }, "GitHub's public keys cannot be fetched; logged again when they can");
      refreshAt = fetchedAt + Math.min(RETRY_AFTER_MS * 2 ** failures, BACKOFF_MS_MAX);
      failures += 1;
    }
  }

  async function find(identifier: string): Promise<KeyLookup> {
    const now = nowMs();
    const isMissing = !cached.has(identifier);
    const isDue = now >= refreshAt;
    if (isDue || (isMissing && now - fetchedAt >= RETRY_AFTER_MS)) {
      fetching ??= update().finally(() => {
        fetching = undefined;
      });
    }
    if (isDue || isMissing) await fetching;
    const key = cached.get(identifier);
    // After a failure, GitHub may have a key that is not cached: to answer "unknown" would lose a report.
    if (key || failures === 0) return toLookup(key);
    const waitMs = fetchedAt + RETRY_AFTER_MS - nowMs();
    return { outcome: 'unavailable', retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1_000)) };
  }

  return { find };
}

function toLookup(key: KeyObject | undefined): KeyLookup {
  return key ? { outcome: 'found', key } : { outcome: 'unknown' };
}

async function fetchKeys(fetchUrl: typeof fetch): Promise<PublicKeys> {
  const response = await fetchUrl(META_URL, { signal: AbortSignal.timeout(FETCH_MS_MAX), redirect: 'error' });
  if (!response.ok) throw new Error(`${META_URL} answered ${response.status}`);
  return parseGithubKeys(await response.text());
}
