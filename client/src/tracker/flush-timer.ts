import type { Clock } from '../runtime/clock.ts';

/** When queued events are sent. */
export type FlushOptions = {
  /** Sends immediately once this many events are queued; default 20. */
  flushAt?: number;
  /** Otherwise sends at most once per interval; default 10,000. */
  flushIntervalMs?: number;
  /** Sends each event immediately and logs mistakes to the console. */
  debug?: boolean;
};

/** Decides when to send, and sends then. */
export type FlushTimer = {
  /** Schedules the next send; `queued` is the number of events in the queue. */
  schedule: (queued: number) => void;
  /** Records that the queue is being sent: the interval starts now. */
  restart: () => void;
  stop: () => void;
};

/** Below the 250 ms in which the first event must be sent, and long enough for events tracked right after it. */
const FIRST_FLUSH_MS = 150;

/**
 * Returns a timer that calls `send`: for the first event after a quiet period almost immediately, then once per interval or
 * when `flushAt` events are queued.
 */
export function createFlushTimer(
  { flushAt = 20, flushIntervalMs = 10_000, debug }: FlushOptions,
  clock: Clock,
  send: () => void,
): FlushTimer {
  let sentAtMs = -flushIntervalMs;
  let dueAtMs: number | undefined;
  let timer: unknown;

  function stop(): void {
    clock.clearTimeout(timer);
    dueAtMs = undefined;
  }

  return {
    schedule(queued) {
      if (queued === 0) return;
      const nowMs = clock.monotonicMs();
      const isDue = debug || queued >= flushAt;
      const atMs = isDue ? nowMs : Math.max(nowMs + FIRST_FLUSH_MS, sentAtMs + flushIntervalMs);
      if (dueAtMs !== undefined && atMs >= dueAtMs) return;
      stop();
      dueAtMs = atMs;
      timer = clock.setTimeout(send, atMs - nowMs);
    },
    restart() {
      stop();
      sentAtMs = clock.monotonicMs();
    },
    stop,
  };
}
