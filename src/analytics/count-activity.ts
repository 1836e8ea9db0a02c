import type { Warehouse } from '../warehouse/open.ts';
import type { Day } from './calendar.ts';
import { daySql, queryCondition } from './conditions.ts';
import type { AnalyticsQuery } from './filters.ts';

const COUNTS = {
  dau: 'uniqExact(app_user_id)',
  // Both ids: devices count their sessions from 1, so a session id alone may be many people's.
  sessions: "uniqExactIf(app_user_id, session_id, session_id != '')",
  events: 'count()',
} as const;

/** What is counted over a day's events. */
export type ActivityMetric = keyof typeof COUNTS;

/** Whether a metric is one that `countActivity` counts. */
export function isActivityMetric(metric: string): metric is ActivityMetric {
  return Object.hasOwn(COUNTS, metric);
}

/** Returns the counts of each day that has events. Exact. Throws StorageError. */
export async function countActivity(
  warehouse: Pick<Warehouse, 'query'>,
  question: AnalyticsQuery,
  metrics: readonly ActivityMetric[],
  signal: AbortSignal,
): Promise<Map<Day, Partial<Record<ActivityMetric, number>>>> {
  const { sql, params } = queryCondition(question);
  const rows = await warehouse.query<{ day: Day } & Partial<Record<ActivityMetric, string>>>(
    `SELECT ${daySql('timestamp')} AS day, ${metrics.map((metric) => `${COUNTS[metric]} AS ${metric}`).join(', ')}
     FROM events WHERE ${sql} GROUP BY day`,
    params,
    { signal },
  );
  return new Map(
    rows.map((row) => [row.day, Object.fromEntries(metrics.map((metric) => [metric, Number(row[metric])]))]),
  );
}
