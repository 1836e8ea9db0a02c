import { setTimeout } from 'node:timers/promises';
import type { Control } from '../control/control.ts';
import { type Lease, takeLease } from '../control/lease.ts';
import { SECOND_MS } from '../lib/durations.ts';
import type { Log } from '../lib/log.ts';
import { runPeriodically } from '../lib/periodic.ts';

/** Work that one process at a time does for all that share a control database. */
export type LeasedWork = {
  control: Pick<Control, 'db' | 'whenStorable'>;
  log: Log;
  /** The name of the lease. */
  name: string;
  /** Starts the work when this process gets the lease. Returns the function that stops it. */
  start: () => () => Promise<void>;
  ttlMs?: number;
  tryEveryMs?: number;
};

const TTL_MS = 30 * SECOND_MS;
const TRY_EVERY_MS = 5 * SECOND_MS;
/** A stop has 10 s in all, and a lease that is not released ends anyway. */
const RELEASE_MS_MAX = 2 * SECOND_MS;

/**
 * Runs work while this process holds a lease, which it tries to get in the background. The work stops when the lease has ended, because
 * the database was away or another process has it; for a moment, two processes may do it. Returns the function that stops it and hands it over.
 */
export function runUnderLease(work: LeasedWork): () => Promise<void> {
  const { control, log, name, start, ttlMs = TTL_MS, tryEveryMs = TRY_EVERY_MS } = work;
  let running: { lease: Lease; stop: () => Promise<void> } | undefined;
  let isFailing = false;

  async function end(): Promise<void> {
    const ending = running;
    running = undefined;
    if (ending === undefined) return;
    await ending.stop();
    await Promise.race([ending.lease.release(true), setTimeout(RELEASE_MS_MAX, undefined, { ref: false })]);
  }

  async function check(): Promise<void> {
    if (running !== undefined && running.lease.leftMs() > 0) return;
    await end();
    const lease = await takeLease({ control, name, ttlMs, waitMs: 0, onLost() {}, log });
    isFailing = false;
    if (lease === undefined) return;
    log.info({ name }, 'this process does the background work of all nodes');
    running = { lease, stop: start() };
  }

  const stopChecking = runPeriodically({
    everyMs: tryEveryMs,
    run: check,
    onError(err) {
      if (!isFailing) log.warn({ err, name }, 'a lease cannot be taken; tried again until it can');
      isFailing = true;
    },
  });
  return async () => {
    await stopChecking();
    await end();
  };
}
