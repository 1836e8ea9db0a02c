import type { Day } from '../lib/calendar.ts';
import { dayCondition, daySql } from '../warehouse/day-sql.ts';
import type { BoundSql } from '../warehouse/event-sql.ts';
import { selectActivity, selectValues } from './activity-rows.ts';
import { USER_SQL, withPersonSql } from './person-sql.ts';
import { type AnalyticsQuery, FILTERS, type QueryServices } from './query.ts';
import { appCondition } from './query-sql.ts';

/**
 * Returns SQL of rows `(person, first)`: when each person of the scope's apps was first seen, whatever the query's range.
 */
export function selectFirstSeen(query: AnalyticsQuery): BoundSql {
  const app = appCondition(query);
  // GROUP BY instead of FINAL, which took four times as long while the table's parts were unmerged.
  const users = withPersonSql(query, {
    sql: `SELECT app_id, ${USER_SQL} AS user, first_seen FROM users WHERE ${app.sql}`,
    params: app.params,
  });
  return {
    sql: `SELECT person, min(first_seen) AS first FROM (${users.sql}) GROUP BY person`,
    params: users.params,
  };
}

/**
 * Returns how many users were first seen on each day. With filters, only users who also have a matching event on that day
 * count. Throws StorageError.
 */
export async function countNewUsers(
  { warehouse, rollups }: QueryServices,
  query: AnalyticsQuery,
  signal: AbortSignal,
): Promise<Map<Day, number>> {
  const firstSeen = selectFirstSeen(query);
  const firstDay = daySql(query, 'first');
  const inRange = dayCondition(query);
  const active = Object.keys(query.filters).length > 0 ? selectActive(rollups, query) : undefined;
  const isActive = active ? ` AND (person, day) IN (SELECT person, day FROM (${active.sql}))` : '';
  const rows = await warehouse.query<{ day: Day; new_users: string }>(
    `SELECT day, count() AS new_users FROM (SELECT person, ${firstDay.sql} AS day FROM (${firstSeen.sql}))
     WHERE ${inRange.sql}${isActive} GROUP BY day`,
    { ...active?.params, ...firstSeen.params, ...firstDay.params, ...inRange.params },
    { signal, isLight: true },
  );
  return new Map(rows.map((row) => [row.day, Number(row.new_users)]));
}

/** Returns SQL of rows `(app_id, day, user, person)`: who was active on which days, with events that match the filters. */
export function selectActive(rollups: QueryServices['rollups'], query: AnalyticsQuery): BoundSql {
  return withPersonSql(query, selectActiveUsers(rollups, query));
}

/** Returns the same without `person`. */
export function selectActiveUsers(rollups: QueryServices['rollups'], query: AnalyticsQuery): BoundSql {
  const hasColumns = FILTERS.some((name) => query.filters[name]);
  const rows = hasColumns ? selectValues(rollups, query) : selectActivity(rollups, query);
  return { sql: `SELECT app_id, day, user FROM (${rows.sql})`, params: rows.params };
}
