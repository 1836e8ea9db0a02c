import { csvLine } from '../../../../src/api/csv.ts';
import type { RetentionAnswer } from '../../api/answers.ts';

/** Returns the table as CSV: a row per cohort with the people of each period, empty for periods that have not ended. */
export function renderRetentionCsv({
  data,
  meta,
}: Pick<RetentionAnswer, 'data'> & { meta: { interval: string } }): string {
  const periods = data[0]?.users.length ?? 0;
  const head = [
    'cohort',
    'size',
    ...Array.from({ length: periods - 1 }, (_, index) => `${meta.interval}_${index + 1}`),
  ];
  const rows = data.map(({ cohort, size, users }) => [
    cohort,
    size,
    ...users.slice(1).map((count) => count ?? ''),
  ]);
  return [head, ...rows].map((cells) => csvLine(cells.map(String))).join('');
}

/**
 * Returns the rate of each later period over all cohorts that have reached it: their people together, so that a large
 * cohort weighs more. null if no cohort with people has.
 */
export function averageRates(data: RetentionAnswer['data']): (number | null)[] {
  const periods = data[0]?.users.length ?? 0;
  return Array.from({ length: periods }, (_, period) => {
    const reached = data.filter(({ users }) => typeof users[period] === 'number');
    const size = reached.reduce((total, cohort) => total + cohort.size, 0);
    if (size === 0) return null;
    return reached.reduce((total, { users }) => total + (users[period] ?? 0), 0) / size;
  });
}
