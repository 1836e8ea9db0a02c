import type { ClockState } from '../lib/clock.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../lib/durations.ts';

/** How far apart the clocks may be before there is a warning: time services correct less than this without a jump. */
export const CLOCK_AHEAD_MS_MAX = 10 * SECOND_MS;

const UNITS = [
  [DAY_MS, 'days'],
  [HOUR_MS, 'hours'],
  [MINUTE_MS, 'minutes'],
] as const;

function describeMs(ms: number): string {
  const [unitMs, unit] = UNITS.find(([least]) => ms >= 1.5 * least) ?? [SECOND_MS, 'seconds'];
  return `${Math.round(ms / unitMs)} ${unit}`;
}

/** Returns what to do if Appflow's clock is ahead of the system clock, which was set back; undefined if it is not. */
export function findClockWarning({ aheadMs, floor }: ClockState): string | undefined {
  const ms = aheadMs();
  if (ms <= CLOCK_AHEAD_MS_MAX) return undefined;
  const ahead = `Appflow's clock is ${describeMs(ms)} ahead of the system clock, so that expired keys stay expired`;
  if (floor === undefined)
    return `${ahead}: the system clock was set back while Appflow runs. If it is right now, restart Appflow; otherwise correct it.`;
  const at = new Date(floor.instantMs).toISOString();
  return `${ahead}: at the start, the system clock was behind ${floor.what} (${at}). Correct the system clock. If it is right, it was ahead when that was written: restart once with APPFLOW_CLOCK_FLOOR=off.`;
}
