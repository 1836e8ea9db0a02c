import { startOfMonth, startOfWeek } from '../../lib/day-range.ts';
import { sumDecimals } from './decimal.ts';
import type { Comparison, DayRow, Metric } from './metrics.ts';
import { INTERVALS, type Interval } from './period-names.ts';

/** Returns the interval in a URL; days by default. */
export function parseInterval(text: string | undefined): Interval {
  return INTERVALS.find((interval) => interval === text) ?? 'day';
}

/** The metrics whose days add up to weeks and months. People and sessions of several days may be the same. */
const ADDABLE: readonly Metric[] = ['new_users', 'events', 'revenue'];

/** Returns the interval in which a metric can be shown: days, if its days do not add up. */
export function intervalOf(metric: Metric, wanted: Interval): Interval {
  return ADDABLE.includes(metric) ? wanted : 'day';
}

const startOfPeriod: Record<Interval, (day: string) => string> = {
  day: (day) => day,
  week: startOfWeek,
  month: startOfMonth,
};

/**
 * Returns the days of a comparison as weeks (from Monday) or months, named by their first day. Each is compared with the
 * days that are one whole range earlier, so the first and the last have as many days on both sides. What contains an
 * incomplete day is incomplete.
 */
export function groupDays(comparison: Comparison, interval: Interval): Comparison {
  if (interval === 'day') return comparison;
  const { current, previous, completeCount } = comparison;
  const starts = [...new Set(current.map(({ date }) => startOfPeriod[interval](date)))];
  const indexesOf = (start: string) =>
    current.flatMap(({ date }, index) => (startOfPeriod[interval](date) === start ? [index] : []));
  const pick = (rows: readonly DayRow[], indexes: readonly number[]) =>
    indexes.flatMap((at) => rows[at] ?? []);
  const groups = starts.map((start) => {
    const indexes = indexesOf(start);
    const before = pick(previous, indexes);
    return {
      row: { ...addRows(pick(current, indexes)), date: start },
      before: before[0] && { ...addRows(before), date: before[0].date },
      isComplete: indexes.every((index) => index < completeCount),
    };
  });
  return {
    interval,
    current: groups.map(({ row }) => row),
    previous: groups.flatMap(({ before }) => before ?? []),
    completeCount: groups.filter(({ isComplete }) => isComplete).length,
  };
}

function addRows(rows: readonly DayRow[]): Omit<DayRow, 'date'> {
  const currencies = new Set(
    rows.flatMap(({ revenue_by_currency = {} }) => Object.keys(revenue_by_currency)),
  );
  const sum = (metric: 'events' | 'new_users') =>
    rows.reduce((total, { [metric]: value = 0 }) => total + value, 0);
  return {
    events: sum('events'),
    new_users: sum('new_users'),
    revenue_by_currency: Object.fromEntries(
      [...currencies].map((code) => [
        code,
        sumDecimals(rows.map(({ revenue_by_currency }) => revenue_by_currency?.[code] ?? '0')),
      ]),
    ),
  };
}

/** Returns the index of the point that contains a day; undefined if there is none. */
export function findPoint(
  rows: readonly { date: string }[],
  interval: Interval,
  day: string,
): number | undefined {
  const start = startOfPeriod[interval](day);
  const index = rows.findIndex(({ date }) => date === start);
  return index < 0 ? undefined : index;
}
