import type { DailyAnswer } from '../../api/answers.ts';
import { dayAt } from '../../lib/day-range.ts';
import { formatCount, formatMoney } from '../../lib/format.ts';
import { sumDecimals } from './decimal.ts';

export const METRICS = ['dau', 'new_users', 'sessions', 'events', 'revenue'] as const;

export type Metric = (typeof METRICS)[number];

type DayRow = DailyAnswer['data'][number];

/** The texts of each metric, and how its days are aggregated in the card. */
export const METRIC_LABELS: Record<Metric, { label: string; perDay: string; aggregate: string }> = {
  dau: { label: 'Active users', perDay: 'Active users a day', aggregate: 'Average a day' },
  new_users: { label: 'New users', perDay: 'New users a day', aggregate: 'Total' },
  sessions: { label: 'Sessions', perDay: 'Sessions a day', aggregate: 'Sum of days' },
  events: { label: 'Events', perDay: 'Events a day', aggregate: 'Total' },
  revenue: { label: 'Revenue', perDay: 'Revenue a day', aggregate: 'Total' },
};

/** Days, and the same number of days before them. */
export type Comparison = {
  current: readonly DayRow[];
  /** As long as `current`, or empty without comparison. */
  previous: readonly DayRow[];
  /** How many days of `current` are complete. The rest, today and later, can still grow. */
  completeCount: number;
};

/** Returns the last `count` days of an answer, and the days before them if the answer has as many. */
export function compareDays({ data, meta }: DailyAnswer, count: number): Comparison {
  const current = data.slice(-count);
  const today = dayAt(meta.timezone, Date.parse(meta.generated_at));
  return {
    current,
    previous: data.length === 2 * count ? data.slice(0, count) : [],
    completeCount: current.filter(({ date }) => date < today).length,
  };
}

/** Returns a day's value for charts. Revenue may lose digits beyond a double. */
export function chartValue(row: DayRow, metric: Metric): number {
  return Number(row[metric] ?? 0);
}

/** Returns the aggregated value of some days as text: the average of daily active users, the sum of all other metrics. */
export function summarize(rows: readonly DayRow[], metric: Metric, currency: string): string {
  if (metric === 'revenue') return formatMoney(sumRevenue(rows), currency);
  return formatCount(Math.round(measure(rows, metric)));
}

/** Returns a day's value as text. */
export function formatValue(row: DayRow, metric: Metric, currency: string): string {
  return metric === 'revenue' ? formatMoney(row.revenue ?? '0', currency) : formatCount(row[metric] ?? 0);
}

const sumRevenue = (rows: readonly DayRow[]) => sumDecimals(rows.map(({ revenue = '0' }) => revenue));

/** Same as `summarize`, as a number. */
function measure(rows: readonly DayRow[], metric: Metric): number {
  const sum = rows.reduce((total, row) => total + chartValue(row, metric), 0);
  return metric === 'dau' && rows.length > 0 ? sum / rows.length : sum;
}

/** Returns the days that the card aggregates: all; for active users only complete days, if there are any. */
export function countedDays({ current, completeCount }: Comparison, metric: Metric): readonly DayRow[] {
  return metric === 'dau' && completeCount > 0 ? current.slice(0, completeCount) : current;
}

/**
 * Returns both sides of the change: the complete days, and as many of the previous period. An incomplete day would make
 * every change look like a loss. Undefined if there is nothing to compare.
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

/** Returns the sums in currencies other than the app's, largest first. */
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

/** A day of the chart. Lines are interrupted where a value is null. */
export type ChartPoint = {
  date: string;
  complete: number | null;
  /** From the last complete day on: what can still grow. */
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
    const value = chartValue(row, metric);
    return {
      date: row.date,
      complete: index < completeCount ? value : null,
      open: index >= completeCount - 1 && completeCount < current.length ? value : null,
      previousDate: before?.date,
      previous: before ? chartValue(before, metric) : null,
      text: formatValue(row, metric, currency),
      previousText: before && formatValue(before, metric, currency),
    };
  });
}
