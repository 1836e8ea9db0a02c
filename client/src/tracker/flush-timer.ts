import type { Clock } from '../runtime/clock.ts';

/** When what is queued leaves. */
export type PaceOptions = {
  /** So many events leave at once; default 20. */
  flushAt?: number;
  /** Otherwise events leave at most this often; default 10,000. */
  flushIntervalMs?: number;
  /** Sends each event at once, and tells of mistakes on the console. */
  debug?: boolean;
};

/** Decides when to send, and sends then. */
export type Pace = {
  /** Notes that the queue holds `queued` events. */
  onQueued: (queued: number) => void;
  /** Notes that what is queued leaves: the interval counts from here. */
  onSend: () => void;
  stop: () => void;
};

/** Below the 250 ms in which the first event is due, and long enough for what comes with it. */
const FIRST_MS = 150;

/**
 * Returns a pace: the first event after a quiet time leaves at once with what comes with it, later ones when the
 * interval is over or `flushAt` are together.
 */
export function createPace(
  { flushAt = 20, flushIntervalMs = 10_000, debug }: PaceOptions,
  clock: Clock,
  send: () => void,
): Pace {
  let sentAtMs = -flushIntervalMs;
  let dueAtMs: number | undefined;
  let timer: unknown;

  function stop(): void {
    clock.clearTimeout(timer);
    dueAtMs = undefined;
  }

  return {
    onQueued(queued) {
      if (queued === 0) return;
      const nowMs = clock.monotonicMs();
      const isDue = debug || queued >= flushAt;
      const atMs = isDue ? nowMs : Math.max(nowMs + FIRST_MS, sentAtMs + flushIntervalMs);
      if (dueAtMs !== undefined && atMs >= dueAtMs) return;
      stop();
      dueAtMs = atMs;
      timer = clock.setTimeout(send, atMs - nowMs);
    },
    onSend() {
      stop();
      sentAtMs = clock.monotonicMs();
    },
    stop,
  };
}
