import type { IncomingHttpHeaders } from 'node:http';
import type { Control } from '../../control/open.ts';
import type { FoundKey } from '../../directory/directory.ts';
import { redactSecrets } from '../../directory/secret.ts';
import type { Clock } from '../../lib/clock.ts';
import { HOUR_MS } from '../../lib/durations.ts';
import type { Log } from '../../lib/log.ts';
import { runPeriodically } from '../../lib/periodic.ts';
import type { Category } from '../../limits/policies.ts';
import { createUsageStore, type UsageHour } from './usage-store.ts';
import { addSecretUse, createKeyUse, type KeyUse, type SecretUse } from './usage-tally.ts';

/** A key's use, as its record tells it: all processes' as of their last flush, this process's as of now. */
export type KeyUsage = {
  lastUsedAt: number | null;
  lastUsedIp: string | null;
  lastUsedSdk: string | null;
  requestCount: number;
  bundleIdMismatches: number;
  /** When each secret was last used, by version; a secret never used is not in it. */
  secretsLastUsedAt: ReadonlyMap<number, number>;
};

/** Who uses which key for what: recorded in memory at each request, written to the database now and then. */
export type Usage = {
  /** Notes that a live key was shown; returns its tally for `count`. Costs no statement and, but once a key, no memory. */
  touch: (found: FoundKey, address: string, headers: IncomingHttpHeaders) => KeyUse;
  /** Returns the tally of a key that is known but not good (401). Not a use: its last use stays. */
  tallyOf: (keyId: string) => KeyUse;
  /** Counts the answer to a request under the present hour. */
  count: (use: KeyUse, category: Category, status: number) => void;
  /** Answers from memory. */
  find: (keyId: string) => KeyUsage;
  /** Returns the hours of a key in [from, to), oldest first, what is not yet written included. */
  listHours: (keyId: string, from: number, to: number) => Promise<UsageHour[]>;
  /** Writes what was counted and learns what other processes wrote. On failure everything stays counted. */
  flush: () => Promise<void>;
  /** Flushes for the last time. */
  close: () => Promise<void>;
};

/** Contract: at most 15 s pass until a use is written. */
const FLUSH_EVERY_MS = 10_000;
const SDK_LENGTH_MAX = 128;

const CATEGORY_OFFSETS: Record<Category, number> = { events: 0, analytics: 4, management: 8 };
const OUTCOME_OFFSETS: Readonly<Record<number, number>> = { 401: 1, 403: 2, 429: 3 };

/** Opens the record of usage with what the database holds; from then on it is flushed every 10 s. */
export async function openUsage(control: Control, clock: Clock, log: Log): Promise<Usage> {
  const uses = new Map<string, KeyUse>();
  const store = createUsageStore(control, clock, uses);
  await store.load();

  function look(keyId: string): KeyUse {
    const known = uses.get(keyId);
    if (known) return known;
    const use = createKeyUse(keyId);
    uses.set(keyId, use);
    return use;
  }

  return {
    tallyOf: look,
    touch({ key, secret }, address, headers) {
      const use = look(key.id);
      const shown = findSecretUse(use, secret.version) ?? addSecretUse(use, secret.version);
      shown.lastUsedAt = Math.max(shown.lastUsedAt, clock.now());
      shown.lastUsedIp = address;
      shown.requestsUnsaved += 1;
      recordSdk(shown, headers);
      if (isOtherBundle(key.bundleIds, headers['x-appflow-bundle-id'])) shown.mismatchesUnsaved += 1;
      store.noteUnsaved(use);
      return use;
    },
    count(use, category, status) {
      const now = clock.now();
      const counts = store.countsOf(use, now - (now % HOUR_MS));
      const index = CATEGORY_OFFSETS[category] + (OUTCOME_OFFSETS[status] ?? 0);
      counts[index] = (counts[index] ?? 0) + 1;
      store.noteUnsaved(use);
    },
    find: (keyId) => summarize(uses.get(keyId)),
    listHours: store.listHours,
    flush: store.flush,
    close: keepFlushed(store.flush, log),
  };
}

/** Returns what the database holds of usage, and keeps nothing running: for commands that only read. */
export async function loadUsage(
  control: Pick<Control, 'db' | 'changeStamp'>,
  clock: Clock,
): Promise<Pick<Usage, 'find'>> {
  const uses = new Map<string, KeyUse>();
  await createUsageStore(control, clock, uses).load();
  return { find: (keyId) => summarize(uses.get(keyId)) };
}

function findSecretUse(use: KeyUse, version: number): SecretUse | undefined {
  for (const secret of use.secrets) if (secret.version === version) return secret;
  return undefined;
}

/** The sender's own words: cut short, and never a place where a key could hide. */
function recordSdk(secret: SecretUse, headers: IncomingHttpHeaders): void {
  const sent = headers['x-appflow-sdk'] ?? headers['user-agent'];
  if (sent === undefined || sent === secret.lastUsedSdk) return;
  secret.lastUsedSdk = redactSecrets(String(sent)).slice(0, SDK_LENGTH_MAX);
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

/** Returns what ends it, with a last flush. */
function keepFlushed(flush: () => Promise<void>, log: Log): () => Promise<void> {
  // A flush that fails is tried again with the next: nothing counted is lost while the process lives.
  const onError = (err: unknown) => log.warn({ err }, 'key usage was not saved');
  const stop = runPeriodically({ everyMs: FLUSH_EVERY_MS, run: flush, onError, startsNow: false });
  // At the same time: each may wait 5 s for another process's write lock, and the two take turns anyway.
  return async () => {
    await Promise.all([stop(), flush().catch(onError)]);
  };
}
