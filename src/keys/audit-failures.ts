import type { Control } from '../control/open.ts';
import type { Clock } from '../lib/clock.ts';
import { callerNetwork } from '../lib/ip.ts';
import type { Log } from '../lib/log.ts';
import type { Audit, AuditEntry } from './audit.ts';
import { createDeferredQueue } from './deferred-queue.ts';
import type { FoundKey } from './directory.ts';
import type { Refusal } from './verify.ts';

/** A key that was shown and not accepted. `found` when it is, or was, one of ours. */
export type FailedAuthentication = {
  code: Refusal['code'];
  found: FoundKey | undefined;
  address: string;
  requestId: string;
};

/** Failed authentications: a sample of them goes to the audit log, all of them are counted. */
export type FailureLog = {
  /** Counts a failure and perhaps queues an entry. Never touches the database. */
  note: (failure: FailedAuthentication) => void;
  /** Exact number of failures since the start by code, sampled or not: for metrics. */
  totals: () => ReadonlyMap<Refusal['code'], number>;
  /** Resolves when the queued entries are in the log. */
  flush: () => Promise<void>;
  /** Writes what is queued for the last time. */
  close: () => Promise<void>;
};

/** At most this many entries a minute of one code from one network. */
export const ENTRIES_PER_NETWORK_MAX = 3;
/** At most this many a minute of unknown keys, and apart from them of known ones: about 6 MB a day in a lasting flood. */
export const ENTRIES_PER_MINUTE_MAX = 10;
const WINDOW_MS = 60_000;
const FLUSH_MS = 3_000;
const QUEUE_MAX = 200;

type Window = { endsAt: number; unknown: number; known: number; byNetwork: Map<string, number> };

/** Whether the failure is within this minute's budget; takes its share when it is. */
function takeShare(window: Window, kind: 'unknown' | 'known', network: string): boolean {
  if (window[kind] >= ENTRIES_PER_MINUTE_MAX) return false;
  const taken = window.byNetwork.get(network) ?? 0;
  if (taken >= ENTRIES_PER_NETWORK_MAX) return false;
  // Only entries that are taken are remembered here, so a flood of addresses cannot fill the memory.
  window.byNetwork.set(network, taken + 1);
  window[kind] += 1;
  return true;
}

function toEntry({ code, found, address, requestId }: FailedAuthentication, at: number): AuditEntry {
  const actor = { ip: address, requestId };
  const told = { action: 'authentication.failed', diff: { code: [null, code] }, at } as const;
  if (!found) {
    const nobody = { ...actor, type: 'system', id: 'authentication' } as const;
    return { ...told, projectId: null, actor: nobody, target: 'unknown' };
  }
  const { id, projectId } = found.key;
  return { ...told, projectId, actor: { ...actor, type: 'key', id }, target: id };
}

/** Returns the log of failed authentications over the audit log. */
export function createFailureLog(services: {
  control: Control;
  audit: Audit;
  clock: Clock;
  log: Log;
}): FailureLog {
  const { control, audit, clock, log } = services;
  const totals = new Map<Refusal['code'], number>();
  let window: Window = { endsAt: 0, unknown: 0, known: 0, byNetwork: new Map() };
  const queue = createDeferredQueue<AuditEntry>({
    delayMs: FLUSH_MS,
    itemsMax: QUEUE_MAX,
    write: (entries) =>
      control.write(async (tx) => {
        for (const entry of entries) await audit.append(tx, entry);
      }),
    onError: (err) => log.error({ err }, 'failed authentications could not be written to the audit log'),
  });
  return {
    note(failure) {
      totals.set(failure.code, (totals.get(failure.code) ?? 0) + 1);
      const now = clock.now();
      if (now >= window.endsAt) {
        window = { endsAt: now + WINDOW_MS, unknown: 0, known: 0, byNetwork: new Map() };
      }
      const network = `${failure.code} ${callerNetwork(failure.address)}`;
      if (takeShare(window, failure.found ? 'known' : 'unknown', network)) queue.push(toEntry(failure, now));
    },
    totals: () => totals,
    flush: queue.flush,
    close: queue.close,
  };
}
