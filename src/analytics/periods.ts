import type { Day, DayRange } from '../lib/calendar.ts';
import { DAY_MS } from '../lib/durations.ts';

/** Lengths of calendar periods. Weeks start on Monday. */
export const INTERVALS = ['day', 'week', 'month'] as const;

/** The length of a calendar period. */
export type Interval = (typeof INTERVALS)[number];

/** Returns the first day of the period that a day is in. */
export function startOfPeriod(interval: Interval, day: Day): Day {
  if (interval === 'day') return day;
  // Day 0, 1970-01-01, was a Thursday.
  if (interval === 'week') return day - ((((day + 3) % 7) + 7) % 7);
  const date = new Date(day * DAY_MS);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1) / DAY_MS;
}

/** Returns the first day of the period after the one that a day is in. */
export function nextPeriod(interval: Interval, day: Day): Day {
  const start = startOfPeriod(interval, day);
  if (interval === 'day') return start + 1;
  if (interval === 'week') return start + 7;
  const date = new Date(start * DAY_MS);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) / DAY_MS;
}

/** A calendar period as far as it is in a range; `isPartial` if some of its days are not. */
export type Period = DayRange & { isPartial: boolean };

/** Returns the periods that a range touches, oldest first. */
export function listPeriods(interval: Interval, range: DayRange): Period[] {
  const periods: Period[] = [];
  for (let day = range.first; day <= range.last; day = nextPeriod(interval, day)) {
    const [start, next] = [startOfPeriod(interval, day), nextPeriod(interval, day)];
    const last = Math.min(next - 1, range.last);
    periods.push({ first: day, last, isPartial: start < day || last < next - 1 });
  }
  return periods;
}
