import type { DailyAnswer } from '../../api/answers.ts';
import { dayAt } from '../../lib/day-range.ts';
import { formatCount, formatMoney } from '../../lib/format.ts';
import { sumDecimals } from './decimal.ts';

export const METRICS = ['dau', 'new_users', 'sessions', 'events', 'revenue'] as const;

export type Metric = (typeof METRICS)[number];

type DayRow = DailyAnswer['data'][number];

/** What each metric is called, and how its days make the one number of its card. */
export const METRIC_WORDS: Record<Metric, { label: string; a: string; how: string }> = {
  dau: { label: 'Active users', a: 'Active users a day', how: 'Average a day' },
  new_users: { label: 'New users', a: 'New users a day', how: 'Total' },
  sessions: { label: 'Sessions', a: 'Sessions a day', how: 'Sum of days' },
  events: { label: 'Events', a: 'Events a day', how: 'Total' },
  revenue: { label: 'Revenue', a: 'Revenue a day', how: 'Total' },
};

/** Days side by side with as many days before them. */
export type Comparison = {
  current: readonly DayRow[];
  /** As long as `current`, or empty when nothing is compared. */
  previous: readonly DayRow[];
  /** How many days of `current` are over; what follows, today and later, can still grow. */
  completeCount: number;
};

/** Returns the last `count` days of an answer, and the days before them if there are as many. */
export function compareDays({ data, meta }: DailyAnswer, count: number): Comparison {
  const current = data.slice(-count);
  const today = dayAt(meta.timezone, Date.parse(meta.generated_at));
  return {
    current,
    previous: data.length === 2 * count ? data.slice(0, count) : [],
    completeCount: current.filter(({ date }) => date < today).length,
  };
}

/** Returns a day's value as a number to draw; revenue may lose digits beyond a double's. */
export function drawnValue(row: DayRow, metric: Metric): number {
  return Number(row[metric] ?? 0);
}

/** Returns the one number for some days, as text to show: the average of daily active users, the sum of all else. */
export function summarise(rows: readonly DayRow[], metric: Metric, currency: string): string {
  if (metric === 'revenue') return formatMoney(sumRevenue(rows), currency);
  return formatCount(Math.round(measure(rows, metric)));
}

/** Returns how a day's value is read. */
export function formatValue(row: DayRow, metric: Metric, currency: string): string {
  return metric === 'revenue' ? formatMoney(row.revenue ?? '0', currency) : formatCount(row[metric] ?? 0);
}

const sumRevenue = (rows: readonly DayRow[]) => sumDecimals(rows.map(({ revenue = '0' }) => revenue));

/** Same as `summarise`, as a number to compare. */
function measure(rows: readonly DayRow[], metric: Metric): number {
  const sum = rows.reduce((total, row) => total + drawnValue(row, metric), 0);
  return metric === 'dau' && rows.length > 0 ? sum / rows.length : sum;
}

/** The days that make the card's number: all, but active users only of days that are over, if there are some. */
export function countedDays({ current, completeCount }: Comparison, metric: Metric): readonly DayRow[] {
  return metric === 'dau' && completeCount > 0 ? current.slice(0, completeCount) : current;
}

/**
 * Returns both sides of the change: days that are over, and as many of the period before. A day that is not over would
 * make every change look like a loss. Undefined when there is nothing to compare.
 */
export function findChange(
  { current, previous, completeCount }: Comparison,
  metric: Metric,
): { now: number; before: number } | undefined {
  if (previous.length === 0 || completeCount === 0) return undefined;
  return {
    now: measure(current.slice(0, completeCount), metric),
    before: measure(previous.slice(0, completeCount), metric),
  };
}

/** Returns the sums in currencies other than the app's, the largest first. */
export function otherCurrencies(
  rows: readonly DayRow[],
  currency: string,
): { currency: string; sum: string }[] {
  const names = new Set(rows.flatMap(({ revenue_by_currency = {} }) => Object.keys(revenue_by_currency)));
  names.delete(currency);
  return [...names]
    .map((name) => ({
      currency: name,
      sum: sumDecimals(rows.map(({ revenue_by_currency }) => revenue_by_currency?.[name] ?? '0')),
    }))
    .toSorted((a, b) => Number(b.sum) - Number(a.sum));
}

/** A day of the chart. Lines break where a value is null. */
export type ChartPoint = {
  date: string;
  complete: number | null;
  /** From the last day that is over on: what can still grow. */
  open: number | null;
  previousDate: string | undefined;
  previous: number | null;
  text: string;
  previousText: string | undefined;
};

/** Returns the points of a metric's chart, oldest first. */
export function chartPoints(comparison: Comparison, metric: Metric, currency: string): ChartPoint[] {
  const { current, previous, completeCount } = comparison;
  return current.map((row, index) => {
    const before = previous[index];
    const value = drawnValue(row, metric);
    return {
      date: row.date,
      complete: index < completeCount ? value : null,
      open: index >= completeCount - 1 && completeCount < current.length ? value : null,
      previousDate: before?.date,
      previous: before ? drawnValue(before, metric) : null,
      text: formatValue(row, metric, currency),
      previousText: before && formatValue(before, metric, currency),
    };
  });
}
