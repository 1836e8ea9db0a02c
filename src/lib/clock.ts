/** Wall time in epoch milliseconds. Never goes back, so that an expired key cannot become valid again. */
export type Clock = { now(): number };

/** The clock of a process, compared with the wall clock it follows. */
export type SystemClock = Clock & {
  /** Returns by how many milliseconds the clock is ahead of the wall clock, which was set back; 0 if it follows it. */
  aheadMs(): number;
  /** Lets the clock go on from an instant, epoch milliseconds, if that is later than the wall clock. */
  startAt(instantMs: number): void;
};

/**
 * How a process's clock differs from the wall clock: by how much it is ahead now, in milliseconds, and the instant that it
 * had to start at, if that was later than the wall clock.
 */
export type ClockState = { aheadMs: () => number; floor: ClockFloor | undefined };

/** An instant before which the clock must not start (epoch milliseconds), and what was written then. */
export type ClockFloor = { instantMs: number; what: string };

/** The sources of time, both in milliseconds: the machine's wall clock and its monotonic clock. */
export type TimeSources = { wallMs: () => number; monotonicMs: () => number };

const MACHINE: TimeSources = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };

/**
 * Returns the machine's clock. While the wall clock is behind an earlier reading (it was ahead by mistake and has been
 * corrected), time continues from that reading on the monotonic clock: it neither goes back nor stops.
 */
export function systemClock({
  wallMs = MACHINE.wallMs,
  monotonicMs = MACHINE.monotonicMs,
}: Partial<TimeSources> = {}): SystemClock {
  let lastMs = 0;
  let lastAtMs = monotonicMs();
  function now(): number {
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
  }
  return {
    now,
    aheadMs: () => Math.max(0, now() - wallMs()),
    startAt(instantMs) {
      if (instantMs <= now()) return;
      lastMs = instantMs;
      lastAtMs = monotonicMs();
    },
  };
}
