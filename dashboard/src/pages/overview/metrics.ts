import type { DailyAnswer } from '../../api/answers.ts';
import { dayAt } from '../../lib/day-range.ts';
import { formatCount, formatDay, formatMoney } from '../../lib/format.ts';
import { sumDecimals } from './decimal.ts';
import { type Interval, nameOfPeriod } from './period-names.ts';

export const METRICS = ['dau', 'new_users', 'sessions', 'events', 'revenue'] as const;

export type Metric = (typeof METRICS)[number];

/** The metrics of a day, or of a longer period by its first day. */
export type DayRow = DailyAnswer['data'][number];

/** The texts of each metric, and how the card aggregates its days. */
export const METRIC_LABELS: Record<Metric, { label: string; perDay: string; aggregate: string }> = {
  dau: { label: 'Active users', perDay: 'Daily active users', aggregate: 'Daily average' },
  new_users: { label: 'New users', perDay: 'New users per day', aggregate: 'Total' },
  sessions: { label: 'Sessions', perDay: 'Sessions per day', aggregate: 'Daily total' },
  events: { label: 'Events', perDay: 'Events per day', aggregate: 'Total' },
  revenue: { label: 'Revenue', perDay: 'Revenue per day', aggregate: 'Total' },
};

/** Days, and the same number of days before them. */
export type Comparison = {
  interval: Interval;
  timezone: string;
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
    interval: 'day',
    timezone: meta.timezone,
    current,
    previous: data.length === 2 * count ? data.slice(0, count) : [],
    completeCount: current.filter(({ date }) => date < today).length,
  };
}

/** Returns a day's revenue in one currency, a decimal string. Nothing is converted. */
function revenueIn(row: DayRow, currency: string): string {
  return row.revenue_by_currency?.[currency] ?? '0';
}

/** Returns a day's value for charts. Revenue may lose digits beyond a double. */
export function chartValue(row: DayRow, metric: Metric, currency: string): number {
  return Number(metric === 'revenue' ? revenueIn(row, currency) : (row[metric] ?? 0));
}

/** Returns a day's value as it is, without separators and symbols. */
export function rawValue(row: DayRow, metric: Metric, currency: string): string {
  return metric === 'revenue' ? revenueIn(row, currency) : String(row[metric] ?? 0);
}

/** Returns a day's value as text. */
export function formatValue(row: DayRow, metric: Metric, currency: string): string {
  if (metric === 'revenue') return formatMoney(revenueIn(row, currency), currency);
  return formatCount(row[metric] ?? 0);
}

/** Returns the total of some days as text. Not for active users, who are the same people on several days. */
export function formatTotal(rows: readonly DayRow[], metric: Metric, currency: string): string {
  if (metric === 'revenue')
    return formatMoney(sumDecimals(rows.map((row) => revenueIn(row, currency))), currency);
  return formatCount(sumValues(rows, metric, currency));
}

const sumValues = (rows: readonly DayRow[], metric: Metric, currency: string) =>
  rows.reduce((total, row) => total + chartValue(row, metric, currency), 0);

/**
 * Returns the days that averages count. An app's first day is known by its users, who are all new: days before it, when
 * the app did not send events yet, would lower the average.
 */
function sinceFirstEvent({ current, previous }: Comparison, rows: readonly DayRow[]): readonly DayRow[] {
  const first = [...previous, ...current].find(({ events = 0 }) => events > 0);
  const isFirstEver = first !== undefined && first.new_users === first.dau;
  return isFirstEver ? rows.filter(({ date }) => date >= first.date) : rows;
}

/** Returns the average of daily active users over some days; undefined without days. */
function averageUsers(rows: readonly DayRow[]): number | undefined {
  return rows.length === 0 ? undefined : rows.reduce((total, { dau = 0 }) => total + dau, 0) / rows.length;
}

/** Returns the average of daily active users over the complete days since the app's first event; undefined without any. */
export function findAverageUsers(comparison: Comparison): number | undefined {
  const { current, completeCount } = comparison;
  return averageUsers(sinceFirstEvent(comparison, current.slice(0, completeCount)));
}

/**
 * Returns both sides of the change: the complete days, and as many of the previous period; for active users their
 * averages. An incomplete day would make every change look like a loss. Undefined if there is nothing to compare.
 */
export function findChange(
  comparison: Comparison,
  metric: Metric,
  currency: string,
): { now: number; before: number } | undefined {
  const { current, previous, completeCount } = comparison;
  if (previous.length === 0 || completeCount === 0) return undefined;
  const measure = (rows: readonly DayRow[]) =>
    metric === 'dau'
      ? (averageUsers(sinceFirstEvent(comparison, rows)) ?? 0)
      : sumValues(rows, metric, currency);
  return {
    now: measure(current.slice(0, completeCount)),
    before: measure(previous.slice(0, completeCount)),
  };
}

/** Returns the currencies of the revenue, the app's own first, then by name. */
export function listCurrencies({ current, previous }: Comparison, own: string): string[] {
  const names = new Set(
    [...previous, ...current].flatMap(({ revenue_by_currency = {} }) => Object.keys(revenue_by_currency)),
  );
  names.delete(own);
  return [own, ...[...names].sort()];
}

/** A day of the chart. Lines are interrupted where a value is null. */
export type ChartPoint = {
  date: string;
  /** Short, for the axis, and long. */
  name: string;
  title: string;
  complete: number | null;
  /** From the last complete day on: what can still grow. */
  open: number | null;
  previousDate: string | undefined;
  previousTitle: string | undefined;
  previous: number | null;
  text: string;
  previousText: string | undefined;
};

/** A longer period is compared with the days one range earlier, which begin on any day of a week or month. */
function titleOfPrevious({ date }: DayRow, comparison: Comparison): string {
  const isLonger = comparison.interval === 'week' || comparison.interval === 'month';
  return isLonger ? `From ${formatDay(date, true)}` : nameOfPeriod(date, comparison, true);
}

/** Returns the points of a metric's chart, oldest first. */
export function chartPoints(comparison: Comparison, metric: Metric, currency: string): ChartPoint[] {
  const { current, previous, completeCount } = comparison;
  return current.map((row, index) => {
    const before = previous[index];
    const value = chartValue(row, metric, currency);
    return {
      date: row.date,
      name: nameOfPeriod(row.date, comparison),
      title: nameOfPeriod(row.date, comparison, true),
      complete: index < completeCount ? value : null,
      open: index >= completeCount - 1 && completeCount < current.length ? value : null,
      previousDate: before?.date,
      previousTitle: before && titleOfPrevious(before, comparison),
      previous: before ? chartValue(before, metric, currency) : null,
      text: formatValue(row, metric, currency),
      previousText: before && formatValue(before, metric, currency),
    };
  });
}
