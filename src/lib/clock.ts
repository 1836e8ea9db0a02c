/** Wall time in epoch milliseconds. Never steps back, so that an expired key cannot come back to life. */
export type Clock = { now(): number };

/** Where time comes from: the machine's wall clock, and one that only counts on. Both in milliseconds. */
export type TimeSources = { wallMs: () => number; monotonicMs: () => number };

const MACHINE: TimeSources = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };

/**
 * Returns the machine's clock. While the wall clock is behind what was told before (it was ahead by mistake and is set
 * right again), time goes on from there by the monotonic clock: it neither steps back nor stands still.
 */
export function systemClock({ wallMs, monotonicMs }: TimeSources = MACHINE): Clock {
  let toldMs = 0;
  let toldAtMs = monotonicMs();
  return {
    now() {
      const atMs = monotonicMs();
      const wall = wallMs();
      if (wall >= toldMs) {
        toldMs = wall;
        toldAtMs = atMs;
        return wall;
      }
      const passedMs = Math.max(0, Math.floor(atMs - toldAtMs));
      toldMs += passedMs;
      // The part of a millisecond that was not told stays to be counted.
      toldAtMs += passedMs;
      return toldMs;
    },
  };
}
