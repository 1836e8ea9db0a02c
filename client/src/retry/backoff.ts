/** What a wait is decided from. Times are milliseconds. */
export type WaitFacts = {
  /** The wait before this one without its jitter; 0 after a success. */
  previousBaseMs: number;
  /** What the server asked for, if it did. */
  retryAfterMs: number | undefined;
  /** From 0 to 1: callers that were refused together must not come back together. */
  random: number;
};

/** How long to wait, in milliseconds. `baseMs` leaves out the jitter, so that it does not add up from wait to wait. */
export type Wait = { baseMs: number; waitMs: number };

const DOUBLING_MS_MAX = 60_000;
const FIRST_MS = 1_000;
// A server that asks for no wait at all must not be asked in a tight loop.
const WAIT_MS_MIN = 250;
const JITTER_SHARE_MAX = 0.1;
const JITTER_MS_MAX = 1_000;

/**
 * Returns how long to wait before the next try: never less than the server asked for, doubling up to a minute while it
 * keeps refusing, jittered upward. Without its word: from one second, half of it random. `baseMs` is the next call's
 * `previousBaseMs`.
 */
export function decideWait({ previousBaseMs, retryAfterMs, random }: WaitFacts): Wait {
  const doubledMs = Math.min(DOUBLING_MS_MAX, 2 * previousBaseMs);
  if (retryAfterMs === undefined) {
    const baseMs = Math.max(FIRST_MS, doubledMs);
    return { baseMs, waitMs: baseMs / 2 + (random * baseMs) / 2 };
  }
  const baseMs = Math.max(WAIT_MS_MIN, retryAfterMs, doubledMs);
  return { baseMs, waitMs: baseMs + random * Math.min(JITTER_MS_MAX, baseMs * JITTER_SHARE_MAX) };
}
