import type { Day } from '../lib/calendar.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { USER_SQL, withPersonSql } from './person-sql.ts';
import type { AnalyticsQuery } from './query.ts';
import { daySql, queryCondition } from './query-sql.ts';

const COUNTS = {
  dau: 'uniqExact(person)',
  // With the person: devices number their sessions from 1, so many people may share a session id.
  sessions: "uniqExactIf(app_id, person, session_id, session_id != '')",
  events: 'count()',
} as const;

/** A metric that is counted over the events of a day. */
export type ActivityMetric = keyof typeof COUNTS;

/** Whether `countActivity` counts this metric. */
export function isActivityMetric(metric: string): metric is ActivityMetric {
  return Object.hasOwn(COUNTS, metric);
}

/** Returns the exact counts of each day that has events. Throws StorageError. */
export async function countActivity(
  warehouse: Pick<Warehouse, 'query'>,
  query: AnalyticsQuery,
  metrics: readonly ActivityMetric[],
  signal: AbortSignal,
): Promise<Map<Day, Partial<Record<ActivityMetric, number>>>> {
  const events = queryCondition(query);
  const day = daySql(query, 'timestamp');
  const active = withPersonSql(query, {
    sql: `SELECT app_id, ${day.sql} AS day, ${USER_SQL} AS user, session_id FROM events WHERE ${events.sql}`,
    params: { ...events.params, ...day.params },
  });
  const rows = await warehouse.query<{ day: Day } & Partial<Record<ActivityMetric, string>>>(
    `SELECT day, ${metrics.map((metric) => `${COUNTS[metric]} AS ${metric}`).join(', ')} FROM (${active.sql}) GROUP BY day`,
    active.params,
    { signal, isLight: true },
  );
  return new Map(
    rows.map((row) => [row.day, Object.fromEntries(metrics.map((metric) => [metric, Number(row[metric])]))]),
  );
}
