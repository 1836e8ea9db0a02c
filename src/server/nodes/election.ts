import type { Control } from '../../control/control.ts';
import { findHolder, type Lease } from '../../control/lease.ts';
import { SECOND_MS } from '../../lib/durations.ts';
import type { Log } from '../../lib/log.ts';
import { runPeriodically } from '../../lib/periodic.ts';
import { createTurns } from '../../lib/turns.ts';
import type { Owner } from './node-request.ts';

/** Which node stores events, as this one knows, and its attempts to be that node. */
export type Election = {
  /** The node that stores events; undefined while there is none, or it is not ready. */
  owner(): Owner | undefined;
  /** Reads it again now. Never rejects. */
  poke(): Promise<void>;
  /** Resolves when it is another one than `owner`, when this node has become it, or after `waitMs`. */
  changed(owner: Owner | undefined, waitMs: number): Promise<void>;
  /** No longer tries to be that node, and aborts an attempt that is running. Resolves when it has ended. */
  withdraw(): Promise<void>;
  stop(): Promise<void>;
};

export type ElectionOptions = {
  control: Pick<Control, 'db'>;
  name: string;
  /**
   * Takes the lease if it is free, and starts to store events; returns undefined if another process was faster. When `signal` fires, it
   * soon ends.
   */
  take: (signal: AbortSignal) => Promise<Pick<Lease, 'holder'> | undefined>;
  log: Log;
};

/** A read of one row. */
const POLL_MS = 250;
/** How long a node waits after an attempt that failed. */
const RETRY_MS = 5 * SECOND_MS;

/** Starts to follow the lease. */
export function startElection({ control, name, take, log }: ElectionOptions): Election {
  let current: Owner | undefined;
  let own: string | undefined;
  const withdrawal = new AbortController();
  let notBeforeMs = 0;
  let taking: Promise<void> | undefined;
  const waiting = new Set<() => void>();
  const turns = createTurns();

  const wakeAll = () => {
    for (const wake of [...waiting]) wake();
  };

  function set(owner: Owner | undefined): void {
    if (owner?.holder === current?.holder && owner?.address === current?.address) return;
    current = owner;
    wakeAll();
  }

  async function takeLease(): Promise<void> {
    try {
      own = (await take(withdrawal.signal))?.holder;
    } catch (err) {
      notBeforeMs = performance.now() + RETRY_MS;
      if (!withdrawal.signal.aborted)
        log.error({ err }, 'this node could not start to store events; tried again');
    }
    taking = undefined;
    wakeAll();
  }

  async function poll(): Promise<void> {
    // The holder need not look: if it loses the lease, it ends.
    const isWithdrawn = withdrawal.signal.aborted;
    if (own !== undefined && !isWithdrawn) return;
    const found = await findHolder(control, name);
    const isOther = found !== undefined && !found.isFree && found.holder !== own && found.address !== null;
    set(isOther ? { holder: found.holder, address: found.address ?? '' } : undefined);
    const mayTry = !withdrawal.signal.aborted && performance.now() >= notBeforeMs;
    if (mayTry && (found === undefined || found.isFree)) taking ??= takeLease();
  }

  const poke = () =>
    turns.run(poll).catch((err: unknown) => log.warn({ err, name }, 'the lease could not be read'));
  const stop = runPeriodically({ everyMs: POLL_MS, run: poke, onError() {} });
  return {
    owner: () => current,
    poke,
    async changed(owner, waitMs) {
      if (current !== owner) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, waitMs);
      waiting.add(resolve);
      await promise;
      waiting.delete(resolve);
      clearTimeout(timer);
    },
    async withdraw() {
      withdrawal.abort();
      await taking;
    },
    stop,
  };
}
