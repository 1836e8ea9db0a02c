import type { Warehouse } from '../warehouse/open.ts';
import type { Day } from './calendar.ts';
import type { AnalyticsQuery } from './query.ts';
import { appCondition, dayCondition, daySql, queryCondition } from './query-sql.ts';

/**
 * Returns how many users were first seen on each day. Uses the stored first-seen time, so the query's range does not
 * matter. With filters, only users who also have a matching event on that day count. Throws StorageError.
 */
export async function countNewUsers(
  warehouse: Pick<Warehouse, 'query'>,
  query: AnalyticsQuery,
  signal: AbortSignal,
): Promise<Map<Day, number>> {
  const app = appCondition(query);
  const events = queryCondition(query);
  const firstDay = daySql(query, 'min(first_seen)');
  const eventDay = daySql(query, 'timestamp');
  const inRange = dayCondition(query);
  const isFiltered = Object.keys(query.filters).length > 0;
  const active = `(SELECT app_user_id, ${eventDay.sql} AS day FROM events WHERE ${events.sql})`;
  // GROUP BY instead of FINAL, which took four times as long while the table's parts were unmerged.
  const rows = await warehouse.query<{ day: Day; new_users: string }>(
    `SELECT day, count() AS new_users FROM (
       SELECT app_user_id, ${firstDay.sql} AS day FROM users WHERE ${app.sql} GROUP BY app_user_id
     )
     WHERE ${inRange.sql}${isFiltered ? ` AND (app_user_id, day) IN ${active}` : ''} GROUP BY day`,
    {
      ...app.params,
      ...firstDay.params,
      ...inRange.params,
      ...(isFiltered && { ...events.params, ...eventDay.params }),
    },
    { signal, isLight: true },
  );
  return new Map(rows.map((row) => [row.day, Number(row.new_users)]));
}
