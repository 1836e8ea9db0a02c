import { type Day, type DayRange, formatDay } from '../lib/calendar.ts';
import { DAY_MS } from '../lib/durations.ts';

/** The lengths of a period. */
export const INTERVALS = ['day', 'week', 'month'] as const;

/** The length of a period: weeks start on Monday, months are calendar months. */
export type Interval = (typeof INTERVALS)[number];

const WEEK_DAYS = 7;
/** 1970-01-01 was a Thursday, three days after a Monday. */
const DAYS_AFTER_MONDAY = 3;

/** Returns the first day of the period that is `offset` periods after the one that contains `day`. */
export function startOfPeriod(interval: Interval, day: Day, offset = 0): Day {
  if (interval === 'day') return day + offset;
  if (interval === 'week') {
    const weekday = (((day + DAYS_AFTER_MONDAY) % WEEK_DAYS) + WEEK_DAYS) % WEEK_DAYS;
    return day - weekday + offset * WEEK_DAYS;
  }
  const date = new Date(day * DAY_MS);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + offset, 1) / DAY_MS;
}

/** Returns the first day of each period that starts in a range, or that contains its first day, oldest first. */
export function listPeriods(interval: Interval, { first, last }: DayRange): Day[] {
  const starts: Day[] = [];
  for (let start = startOfPeriod(interval, first); start <= last; start = startOfPeriod(interval, start, 1)) {
    starts.push(start);
  }
  return starts;
}

/** A calendar period as far as it is in a range; `isPartial` if some of its days are not. */
export type Period = DayRange & { isPartial: boolean };

/** Returns the periods that a range touches, cut to the range, oldest first. */
export function cutPeriods(interval: Interval, range: DayRange): Period[] {
  return listPeriods(interval, range).map((start) => {
    const end = startOfPeriod(interval, start, 1) - 1;
    const [first, last] = [Math.max(start, range.first), Math.min(end, range.last)];
    return { first, last, isPartial: first > start || last < end };
  });
}

/** Returns SQL for a number that grows by one from period to period, of SQL for a day (see Day) between 1970 and 2299. */
export function periodSql(interval: Interval, day: string): string {
  if (interval === 'day') return `toInt32(${day})`;
  if (interval === 'week') return `toInt32(intDiv(${day} + ${DAYS_AFTER_MONDAY}, ${WEEK_DAYS}))`;
  return `toInt32(toRelativeMonthNum(toDate32(toInt32(${day}))))`;
}

/** Returns the sentence that says that a range was moved back to the start of a period; undefined if it was not. */
export function describeMove(interval: Interval, requested: Day): string | undefined {
  const start = startOfPeriod(interval, requested);
  if (start === requested) return undefined;
  return `start was moved back from ${formatDay(requested)} to ${formatDay(start)}, the first day of its ${interval}.`;
}
