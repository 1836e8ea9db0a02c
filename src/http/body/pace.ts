/** Finds bodies that arrive too slowly for the memory they hold. */
export type BodyPace = {
  /** Watches one body until the returned function is called. `onSlow` runs at most once. */
  watch(body: WatchedBody): () => void;
  /** Bodies found too slow since startup. */
  countSlow(): number;
};

/** A body that is being read. `bytesExpected` is its announced length, undefined if it comes in chunks. */
export type WatchedBody = {
  bytesReceived: () => number;
  bytesExpected: number | undefined;
  /** In chunks, this much may arrive as slowly as the server's time limit for a whole request allows. */
  slowBytesMax: number;
  /** Whether bodies like this one leave too little room for others: it has less time then. */
  isCrowded: () => boolean;
  onSlow: () => void;
};

/** Replaces time in tests: runs `task` every `ms` milliseconds, and returns a function that stops it. */
export type Repeat = (task: () => void, ms: number) => () => void;

/** Bodies up to this size may arrive as slowly as the server's time limit for a whole request allows, if their sender is verified. */
export const SLOW_BODY_BYTES_MAX = 64 * 1024;

/**
 * Of a body whose sender is not verified, only this much may arrive so slowly: anyone can open many connections. It is what the pace asks for
 * in one window, so that a body that small is complete by the end of it.
 */
export const SLOW_UNVERIFIED_BYTES_MAX = 15_000;

/** The least that must arrive of a larger body in `PACE_WINDOW_MS`: 1 KB/s, with room for a tunnel. */
export const PACE_WINDOW_BYTES_MIN = 15_000;
export const PACE_WINDOW_MS = 15_000;

/** An announced body must be on the way to be complete by then, when its request times out anyway. */
export const BODY_DEADLINE_MS = 60_000;
const DEADLINE_GRACE_MS = 10_000;

const SWEEP_MS = 5_000;
/** The first sweep may follow immediately. */
const WINDOW_SWEEPS = PACE_WINDOW_MS / SWEEP_MS + 1;
/** Where bodies are crowded, a pause of one sweep is too long. */
const CROWDED_SWEEPS = 2;
const CROWDED_BYTES_MIN = PACE_WINDOW_BYTES_MIN / (PACE_WINDOW_MS / SWEEP_MS);

/** `received` of the last sweeps, the oldest first. */
type Progress = { body: WatchedBody; sweeps: number; received: number[] };

const repeatByTimer: Repeat = (task, ms) => {
  const timer = setInterval(task, ms).unref();
  return () => clearInterval(timer);
};

/**
 * Returns the pace of one server. Time is counted in sweeps, between which the event loop reads what has arrived: a
 * server that was busy or suspended does not take it for the sender's slowness.
 */
export function createBodyPace(repeat: Repeat = repeatByTimer): BodyPace {
  const watched = new Set<Progress>();
  let stopSweeping: (() => void) | undefined;
  let slow = 0;

  function stopWatching(progress: Progress): void {
    if (!watched.delete(progress) || watched.size > 0) return;
    stopSweeping?.();
    stopSweeping = undefined;
  }

  function sweep(): void {
    for (const progress of [...watched]) {
      if (!isSlow(progress)) continue;
      slow += 1;
      stopWatching(progress);
      progress.body.onSlow();
    }
  }

  return {
    watch(body) {
      const progress = { body, sweeps: 0, received: [body.bytesReceived()] };
      watched.add(progress);
      stopSweeping ??= repeat(sweep, SWEEP_MS);
      return () => stopWatching(progress);
    },
    countSlow: () => slow,
  };
}

/**
 * Whether a body is too slow as of this sweep, which it adds to its progress. A chunked body does not count while it is small:
 * an announced one of that size may be as slow.
 */
function isSlow(progress: Progress): boolean {
  const { bytesReceived, bytesExpected, slowBytesMax } = progress.body;
  const received = bytesReceived();
  progress.sweeps += 1;
  progress.received.push(received);
  const isStalled = hasStalled(progress);
  if (progress.received.length > WINDOW_SWEEPS) progress.received.shift();
  if (bytesExpected === undefined) return isStalled && received > slowBytesMax;
  if (isStalled) return true;
  const elapsedMs = (progress.sweeps - 1) * SWEEP_MS;
  const share = (elapsedMs - DEADLINE_GRACE_MS) / (BODY_DEADLINE_MS - DEADLINE_GRACE_MS);
  return received < bytesExpected * share;
}

function hasStalled({ body, received }: Progress): boolean {
  const now = received.at(-1) ?? 0;
  const isBelow = (sweeps: number, bytesMin: number) =>
    now - (received.at(-1 - sweeps) ?? -bytesMin) < bytesMin;
  if (isBelow(WINDOW_SWEEPS, PACE_WINDOW_BYTES_MIN)) return true;
  return isBelow(CROWDED_SWEEPS, CROWDED_BYTES_MIN) && body.isCrowded();
}
