import type { Log } from '../../lib/log.ts';
import type { Gateway } from '../engine/gateway.ts';
import { type Killer, killStatement } from '../engine/kill.ts';
import { REBUILD_MARK } from '../integrity/rebuild.ts';

/** Work in the background that takes long. `signal` is aborted when the store closes. */
export type Job = (gateway: Gateway, signal: AbortSignal) => Promise<void>;

/** Runs jobs one after another, each with a gateway that is closed after it. */
export type Jobs = {
  queue(job: Job): void;
  /** Ends the running job and drops those that wait. */
  stop(): Promise<void>;
};

export type JobsOptions = {
  /** Opens a gateway of its own, so that neither queries nor the writer wait. */
  open: () => Promise<Gateway>;
  control: Killer;
  log: Log;
};

/** Returns an empty list. */
export function createJobs({ open, control, log }: JobsOptions): Jobs {
  const stopping = new AbortController();
  let count = 0;
  let work: Promise<void> = Promise.resolve();

  async function run(job: Job): Promise<void> {
    try {
      if (stopping.signal.aborted) return;
      const gateway = await open();
      await job(gateway, stopping.signal).finally(() => gateway.close());
    } catch (err) {
      if (!stopping.signal.aborted) log.warn({ err }, 'derived tables could not be checked');
    } finally {
      count -= 1;
    }
  }

  return {
    queue(job) {
      count += 1;
      work = work.then(() => run(job));
    },
    async stop() {
      stopping.abort();
      if (count > 0) void killStatement(control, REBUILD_MARK, () => count === 0);
      await work;
    },
  };
}
