import type { InFlightTime } from '../../src/limits/in-flight.ts';

/** Returns a clock that moves only by `advance`, which fires due timers. `countTimers` returns how many are pending. */
export function makeManualTimers(): {
  time: InFlightTime;
  advance: (ms: number) => void;
  countTimers: () => number;
} {
  let now = 1_000;
  const timers = new Set<{ at: number; task: () => void }>();
  const time: InFlightTime = {
    nowMs: () => now,
    schedule(task, ms) {
      const timer = { at: now + ms, task };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  };
  const advance = (ms: number) => {
    now += ms;
    for (const timer of [...timers].filter(({ at }) => at <= now)) {
      timers.delete(timer);
      timer.task();
    }
  };
  return { time, advance, countTimers: () => timers.size };
}
