import type { Attempt } from './steps.ts';

/** The people who did a step. */
export type FunnelRow = {
  users: number;
  /** Of those who did the first step; null if there are none. */
  conversion: number | null;
  /** Of those who did the previous step; null for the first one, or if there are none. */
  conversion_from_previous: number | null;
  /** Median of the seconds since the previous step or, in any order, since the first event; null for the first one. */
  median_seconds: number | null;
};

/** Collects attempts. */
export type FunnelTally = {
  add(attempt: Attempt): void;
  /** Returns the rows of the steps. */
  rows(): FunnelRow[];
  users(): number;
};

/** Returns a tally without attempts. `sinceStart` measures times from the first event, otherwise from the previous step. */
export function createFunnelTally(stepCount: number, sinceStart: boolean): FunnelTally {
  const users = new Array<number>(stepCount).fill(0);
  const waitsMs = Array.from({ length: stepCount }, (): number[] => []);
  return {
    add({ reachedMs, startMs }) {
      for (const [step, timeMs] of reachedMs.entries()) {
        users[step] = (users[step] ?? 0) + 1;
        waitsMs[step]?.push(timeMs - (sinceStart ? startMs : (reachedMs[step - 1] ?? timeMs)));
      }
    },
    rows: () =>
      users.map((count, step) => ({
        users: count,
        conversion: divide(count, users[0]),
        conversion_from_previous: divide(count, users[step - 1]),
        median_seconds: step === 0 ? null : medianSeconds(waitsMs[step] ?? []),
      })),
    users: () => users[0] ?? 0,
  };
}

const divide = (part: number, whole = 0) => (whole === 0 ? null : part / whole);

/** Returns the median in seconds, of an even number the mean of the two in the middle; null of nothing. */
function medianSeconds(waitsMs: readonly number[]): number | null {
  if (waitsMs.length === 0) return null;
  const sorted = Float64Array.from(waitsMs).sort();
  const middle = sorted.length / 2;
  const [low = 0, high = 0] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2 / 1_000;
}
