import type { Day } from '../lib/calendar.ts';
import type { BoundSql } from '../warehouse/event-sql.ts';
import { type ActivityRows, type RolledDays, selectActivity } from './activity-rows.ts';
import { type ActivityMetric, countWholeDays, type DayCounts, findWholeDays } from './count-whole-days.ts';
import { withPersonSql, withSharedPersonSql } from './person-sql.ts';
import type { AnalyticsQuery, QueryServices } from './query.ts';

/** Rows with a `shared` of 0 each have another person of their day, so they need not be compared. */
const COUNTS = {
  dau: 'countIf(shared = 0) + uniqExactIf(shared, shared != 0)',
  // With the person: devices number their sessions from 1, so many people may share a session id.
  sessions: `sumIf(length(sessions), shared = 0) + uniqExactArray(arrayMap(
    session -> sipHash64(app_id, shared, session), if(shared = 0, emptyArrayUInt64(), sessions)))`,
  events: 'sum(events)',
} as const satisfies Record<ActivityMetric, string>;

/** Whether `countActivity` counts this metric. */
export function isActivityMetric(metric: string): metric is ActivityMetric {
  return Object.hasOwn(COUNTS, metric);
}

/** Returns the exact counts of each day that has events. Throws StorageError. */
export async function countActivity(
  services: QueryServices,
  query: AnalyticsQuery,
  metrics: readonly ActivityMetric[],
  signal: AbortSignal,
): Promise<DayCounts> {
  const { warehouse, rollups } = services;
  const found = findWholeDays(rollups, query);
  const { newLinks, rest } = found ?? {};
  if (found === undefined || newLinks === undefined)
    return await countRows({ warehouse, rollups }, query, metrics, signal);
  const counts = await Promise.all([
    countWholeDays(services, query, { ...found, newLinks }, metrics, signal),
    rest === undefined ? [] : countRows({ warehouse, rollups: rest }, query, metrics, signal),
  ]);
  return new Map(counts.flatMap((days) => [...days]));
}

/** Returns the counts of days by their rows. */
async function countRows(
  { warehouse, rollups }: { warehouse: QueryServices['warehouse']; rollups: RolledDays },
  query: AnalyticsQuery,
  metrics: readonly ActivityMetric[],
  signal: AbortSignal,
): Promise<DayCounts> {
  const rows = selectActivity(rollups, query);
  const source = withShared(query, rows);
  const days = await warehouse.query<{ day: Day } & Partial<Record<ActivityMetric, string>>>(
    `SELECT day, ${metrics.map((metric) => `${COUNTS[metric]} AS ${metric}_count`).join(', ')} FROM (${source.sql}) GROUP BY day`,
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

/** Returns SQL of the rows with `shared`: the person if others of the rows may be about the same person and day, otherwise 0. */
function withShared(query: AnalyticsQuery, rows: ActivityRows): BoundSql {
  if (query.apps.length > 1) {
    const persons = withPersonSql(query, rows);
    return { sql: `SELECT *, person AS shared FROM (${persons.sql})`, params: persons.params };
  }
  const linked = withSharedPersonSql(query, rows);
  if (rows.repeatedDays.length === 0) return linked;
  return {
    sql: `SELECT * REPLACE (if(shared = 0 AND has({repeated_days:Array(Int32)}, day), user, shared) AS shared) FROM (${linked.sql})`,
    params: { ...linked.params, repeated_days: rows.repeatedDays },
  };
}
