import { csvLine } from '../../../../src/api/csv.ts';
import { type Comparison, METRICS, type Metric, rawValue } from './metrics.ts';

/** How the first column is called. */
const FIRST_COLUMN = { hour: 'hour', day: 'day', week: 'week_from', month: 'month_from' } as const;

/**
 * Returns what the table shows as CSV: a row for each day or longer period, oldest first. Weeks and months have only the
 * metrics that add up. The last two columns are the start and the value of the previous period, if there is one.
 */
export function renderCsv(
  comparison: Comparison,
  metrics: readonly Metric[],
  shown: Metric,
  currency: string,
): string {
  const { interval, current, previous } = comparison;
  const nameOf = (metric: Metric) => (metric === 'revenue' ? `revenue_${currency.toLowerCase()}` : metric);
  const columns = METRICS.filter((metric) => metrics.includes(metric));
  const isCompared = previous.length > 0;
  const head = [
    FIRST_COLUMN[interval],
    ...columns.map(nameOf),
    ...(isCompared ? ['previous_from', `previous_${nameOf(shown)}`] : []),
  ];
  const rows = current.map((row, index) => {
    const before = previous[index];
    return [
      row.date,
      ...columns.map((metric) => rawValue(row, metric, currency)),
      ...(isCompared ? [before?.date ?? '', before ? rawValue(before, shown, currency) : ''] : []),
    ];
  });
  return [head, ...rows].map((cells) => csvLine(cells.map(String))).join('');
}
