/** Wall time in epoch milliseconds. Never goes back, so that an expired key cannot become valid again. */
export type Clock = { now(): number };

/** The sources of time, both in milliseconds: the machine's wall clock and its monotonic clock. */
export type TimeSources = { wallMs: () => number; monotonicMs: () => number };

const MACHINE: TimeSources = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };

/**
 * Returns the machine's clock. While the wall clock is behind an earlier reading (it was ahead by mistake and has been
 * corrected), time continues from that reading on the monotonic clock: it neither goes back nor stops.
 */
export function systemClock({ wallMs, monotonicMs }: TimeSources = MACHINE): Clock {
  let lastMs = 0;
  let lastAtMs = monotonicMs();
  return {
    now() {
      const atMs = monotonicMs();
      const wall = wallMs();
      if (wall >= lastMs) {
        lastMs = wall;
        lastAtMs = atMs;
        return wall;
      }
      const passedMs = Math.max(0, Math.floor(atMs - lastAtMs));
      lastMs += passedMs;
      // Only whole milliseconds are added, so the remaining fraction counts toward the next reading.
      lastAtMs += passedMs;
      return lastMs;
    },
  };
}
