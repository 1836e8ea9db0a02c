import type { IncomingHttpHeaders } from 'node:http';
import type { Control } from '../../control/control.ts';
import type { FoundKey } from '../../directory/directory.ts';
import type { ReadableControl } from '../../directory/load-changes.ts';
import { redactSecrets } from '../../directory/secret.ts';
import type { Clock } from '../../lib/clock.ts';
import { HOUR_MS } from '../../lib/durations.ts';
import type { Log } from '../../lib/log.ts';
import { flushPeriodically } from '../../lib/periodic.ts';
import { toStorableText } from '../../lib/text/storable-text.ts';
import type { Category } from '../../limits/policies.ts';
import { createUsageStore, type UsageHour, type UsageStore } from './usage-store.ts';
import { addSecretUse, createKeyUse, type KeyUse, type SecretUse } from './usage-tally.ts';

/** The usage of a key: of other processes as of their last flush, of this process as of now. */
export type KeyUsage = {
  lastUsedAt: number | null;
  lastUsedIp: string | null;
  lastUsedSdk: string | null;
  requestCount: number;
  bundleIdMismatches: number;
  /** When each secret was last used, by version. Secrets that were never used are missing. */
  secretsLastUsedAt: ReadonlyMap<number, number>;
};

/** Key usage: recorded in memory at each request, written to the database periodically. */
export type Usage = {
  /** Records a use of a valid key and returns its tally for `count`. Costs no statement, and memory only once per key. */
  touch: (found: FoundKey, address: string, headers: IncomingHttpHeaders) => KeyUse;
  /** Returns the tally of a key without recording a use: for a known key that is rejected with 401. */
  tallyOf: (keyId: string) => KeyUse;
  /** Counts the response to a request in the current hour. */
  count: (use: KeyUse, category: Category, status: number) => void;
  /** Returns the usage of a key, from memory. */
  find: (keyId: string) => KeyUsage;
  /** Returns the hours of a key in [from, to), oldest first, including counts that are not yet written. */
  listHours: (keyId: string, from: number, to: number) => Promise<UsageHour[]>;
  /** Writes the counts and loads those of other processes. If it fails, the counts are kept for the next flush. */
  flush: () => Promise<void>;
  /** Flushes and stops. */
  close: () => Promise<void>;
};

/** The contract is that a use is written within 15 s. */
const FLUSH_EVERY_MS = 10_000;
const SDK_LENGTH_MAX = 128;

const CATEGORY_OFFSETS: Record<Category, number> = { events: 0, analytics: 4, management: 8 };
const OUTCOME_OFFSETS: Readonly<Record<number, number>> = { 401: 1, 403: 2, 429: 3 };

/** Opens key usage with the counts in the database. From then on it is flushed every 10 s. */
export async function openUsage(control: Control, clock: Clock, log: Log): Promise<Usage> {
  const uses = new Map<string, KeyUse>();
  const store = createUsageStore(control, clock, uses, (dropped) =>
    log.error({ err: dropped.error, rows: dropped.count }, 'usage of keys cannot be stored and was dropped'),
  );
  await store.load();

  function tallyOf(keyId: string): KeyUse {
    const known = uses.get(keyId);
    if (known) return known;
    const use = createKeyUse(keyId);
    uses.set(keyId, use);
    return use;
  }

  return {
    tallyOf,
    touch({ key, secret }, address, headers) {
      const use = tallyOf(key.id);
      const used = findSecretUse(use, secret.version) ?? addSecretUse(use, secret.version);
      used.lastUsedAt = Math.max(used.lastUsedAt, clock.now());
      used.lastUsedIp = address;
      used.requestsUnsaved += 1;
      recordSdk(used, headers);
      if (isOtherBundle(key.bundleIds, headers['x-appflow-bundle-id'])) used.mismatchesUnsaved += 1;
      store.markUnsaved(use);
      return use;
    },
    count(use, category, status) {
      const now = clock.now();
      const counts = store.countsOf(use, now - (now % HOUR_MS));
      const index = CATEGORY_OFFSETS[category] + (OUTCOME_OFFSETS[status] ?? 0);
      counts[index] = (counts[index] ?? 0) + 1;
      store.markUnsaved(use);
    },
    find: (keyId) => summarize(uses.get(keyId)),
    listHours: store.listHours,
    flush: store.flush,
    close: startFlushing(store, log),
  };
}

/** Returns the usage in the database without starting the periodic flush: for commands that only read. */
export async function loadUsage(control: ReadableControl, clock: Clock): Promise<Pick<Usage, 'find'>> {
  const uses = new Map<string, KeyUse>();
  await createUsageStore(control, clock, uses).load();
  return { find: (keyId) => summarize(uses.get(keyId)) };
}

function findSecretUse(use: KeyUse, version: number): SecretUse | undefined {
  for (const secret of use.secrets) if (secret.version === version) return secret;
  return undefined;
}

/** The caller controls this text: cut it to size, and redact keys. */
function recordSdk(secret: SecretUse, headers: IncomingHttpHeaders): void {
  const sent = headers['x-appflow-sdk'] ?? headers['user-agent'];
  if (sent === undefined || sent === secret.lastUsedSdk) return;
  secret.lastUsedSdk = toStorableText(redactSecrets(String(sent)).slice(0, SDK_LENGTH_MAX));
}

function isOtherBundle(bundleIds: readonly string[], sent: string | string[] | undefined): boolean {
  return bundleIds.length > 0 && sent !== undefined && !bundleIds.includes(String(sent));
}

function summarize(use: KeyUse | undefined): KeyUsage {
  const secrets = use?.secrets ?? [];
  let last: SecretUse | undefined;
  let [requestCount, bundleIdMismatches] = [0, 0];
  for (const secret of secrets) {
    if (last === undefined || secret.lastUsedAt >= last.lastUsedAt) last = secret;
    requestCount += secret.requestsSaved + secret.requestsUnsaved;
    bundleIdMismatches += secret.mismatchesSaved + secret.mismatchesUnsaved;
  }
  return {
    lastUsedAt: last?.lastUsedAt ?? null,
    lastUsedIp: last?.lastUsedIp ?? null,
    lastUsedSdk: last?.lastUsedSdk ?? null,
    requestCount,
    bundleIdMismatches,
    secretsLastUsedAt: new Map(secrets.map(({ version, lastUsedAt }) => [version, lastUsedAt])),
  };
}

/** Flushes periodically. Returns the function that stops it, with a last flush. */
function startFlushing({ flush, close }: Pick<UsageStore, 'flush' | 'close'>, log: Log): () => Promise<void> {
  // A failed flush is retried with the next one: no count is lost while the process runs.
  const onError = (err: unknown) => log.warn({ err }, 'key usage was not saved');
  const stop = flushPeriodically({ everyMs: FLUSH_EVERY_MS, run: flush, onError });
  return () => stop().then(close);
}
