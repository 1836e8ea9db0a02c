import type { HourlyAnswer, UsersAnswer } from '../../api/answers.ts';
import { dayAt, startOfMonth, startOfWeek } from '../../lib/day-range.ts';
import { sumDecimals } from './decimal.ts';
import type { Comparison, DayRow, Metric } from './metrics.ts';
import { INTERVALS, type Interval } from './period-names.ts';

/** Returns the interval in a URL; days by default. */
export function parseInterval(text: string | undefined): Interval {
  return INTERVALS.find((interval) => interval === text) ?? 'day';
}

/** The most days that the server reports hour by hour. */
const HOURLY_DAYS_MAX = 31;

/** Returns the intervals that a range of so many days can have. */
export function intervalsFor(days: number): readonly Interval[] {
  return days <= HOURLY_DAYS_MAX ? INTERVALS : INTERVALS.filter((interval) => interval !== 'hour');
}

/** The metrics whose days add up to weeks and months. People and sessions of several days may be the same. */
const ADDABLE: readonly Metric[] = ['new_users', 'events', 'revenue'];

/** Whether the days of a metric add up to this interval. */
export function isAddable(metric: Metric, interval: Interval): boolean {
  return interval === 'hour' || interval === 'day' || ADDABLE.includes(metric);
}

/** Returns the interval in which a metric is shown: sessions stay daily, and users are counted for each period. */
export function intervalOf(metric: Metric, wanted: Interval): Interval {
  return metric === 'dau' || isAddable(metric, wanted) ? wanted : 'day';
}

const HOUR_MS = 3_600_000;

/** Returns the hours of an answer, compared with as many hours from the start of the previous period. */
export function compareHours({ data, previous = [], meta }: HourlyAnswer): Comparison {
  const toRow = ({ hour, active_users, ...row }: HourlyAnswer['data'][number]): DayRow => ({
    ...row,
    date: hour,
    ...(active_users !== undefined && { dau: active_users }),
  });
  const asOf = Date.parse(meta.generated_at);
  const before = previous.slice(0, data.length);
  return {
    interval: 'hour',
    timezone: meta.timezone,
    current: data.map(toRow),
    // A day with one hour less has nothing to compare its last hour with.
    previous: before.length === data.length ? before.map(toRow) : [],
    completeCount: data.filter(({ hour }) => Date.parse(hour) + HOUR_MS <= asOf).length,
  };
}

/** Returns the unique users of weeks or months, as active users. They are not compared: other weeks have other people. */
export function toPeriodUsers({ data, meta }: UsersAnswer, interval: 'week' | 'month'): Comparison {
  const today = dayAt(meta.timezone, Date.parse(meta.generated_at));
  return {
    interval,
    timezone: meta.timezone,
    current: data.map(({ start, users }) => ({ date: startOfPeriod[interval](start), dau: users })),
    previous: [],
    completeCount: data.filter(({ end }) => end < today).length,
  };
}

const startOfPeriod: Record<Interval, (day: string) => string> = {
  hour: (day) => day,
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
  if (interval === 'day' || interval === 'hour') return comparison;
  const { timezone, current, previous, completeCount } = comparison;
  const periods = Map.groupBy(current.keys(), (index) => startOfPeriod[interval](current[index]?.date ?? ''));
  const pick = (rows: readonly DayRow[], indexes: readonly number[]) =>
    indexes.flatMap((at) => rows[at] ?? []);
  const groups = [...periods].map(([start, indexes]) => {
    const before = pick(previous, indexes);
    return {
      row: { ...addRows(pick(current, indexes)), date: start },
      before: before[0] && { ...addRows(before), date: before[0].date },
      isComplete: indexes.every((index) => index < completeCount),
    };
  });
  return {
    interval,
    timezone,
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

/** Returns a function from a day to the index of the first point that contains it, or is in it; undefined if there is none. */
export function placeDays({
  interval,
  timezone,
  current,
}: Pick<Comparison, 'interval' | 'timezone' | 'current'>): (day: string) => number | undefined {
  const first = new Map<string, number>();
  for (const [index, { date }] of current.entries()) {
    const start = interval === 'hour' ? dayAt(timezone, Date.parse(date)) : date;
    if (!first.has(start)) first.set(start, index);
  }
  return (day) => first.get(startOfPeriod[interval](day));
}
