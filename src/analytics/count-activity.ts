import type { Day } from '../lib/calendar.ts';
import { selectActivity } from './activity-rows.ts';
import { withPersonSql } from './person-sql.ts';
import type { AnalyticsQuery, QueryServices } from './query.ts';

/** Over rows that each have another person, app and day. */
const ONCE_COUNTS = {
  dau: 'count()',
  sessions: 'sum(length(sessions))',
  events: 'sum(events)',
} as const;

const COUNTS = {
  dau: 'uniqExact(person)',
  // With the person: devices number their sessions from 1, so many people may share a session id.
  sessions: 'uniqExactArray(arrayMap(session -> sipHash64(app_id, person, session), sessions))',
  events: 'sum(events)',
} as const;

/** A metric that is counted over the events of a day. */
export type ActivityMetric = keyof typeof COUNTS;

/** Whether `countActivity` counts this metric. */
export function isActivityMetric(metric: string): metric is ActivityMetric {
  return Object.hasOwn(COUNTS, metric);
}

/** Returns the exact counts of each day that has events. Throws StorageError. */
export async function countActivity(
  { warehouse, rollups }: QueryServices,
  query: AnalyticsQuery,
  metrics: readonly ActivityMetric[],
  signal: AbortSignal,
): Promise<Map<Day, Partial<Record<ActivityMetric, number>>>> {
  const rows = selectActivity(rollups, query);
  const isOnce = rows.isOncePerUser && query.apps.length === 1 && !query.hasLinks;
  const [counts, source] = isOnce ? [ONCE_COUNTS, rows] : [COUNTS, withPersonSql(query, rows)];
  const days = await warehouse.query<{ day: Day } & Partial<Record<ActivityMetric, string>>>(
    `SELECT day, ${metrics.map((metric) => `${counts[metric]} AS ${metric}_count`).join(', ')} FROM (${source.sql}) GROUP BY day`,
    source.params,
    { signal, isLight: true },
  );
  return new Map(
    days.map((row) => [
      row.day,
      Object.fromEntries(metrics.map((metric) => [metric, Number(row[`${metric}_count` as ActivityMetric])])),
    ]),
  );
}
