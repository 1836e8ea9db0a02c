import type { Warehouse } from '../warehouse/open.ts';
import type { Day } from './calendar.ts';
import { appCondition, DAY_IN_RANGE, daySql, daysOf, queryCondition } from './conditions.ts';
import type { AnalyticsQuery } from './filters.ts';

/**
 * Returns how many users were first seen on each day, from the stored first-seen time: of their whole life in the
 * app, never of the range. Filters keep those who have a passing event on that very day. Throws StorageError.
 */
export async function countNewUsers(
  warehouse: Pick<Warehouse, 'query'>,
  question: AnalyticsQuery,
  signal: AbortSignal,
): Promise<Map<Day, number>> {
  const app = appCondition(question);
  const events = queryCondition(question);
  const isFiltered = Object.keys(question.filters).length > 0;
  const active = `(SELECT app_user_id, ${daySql('timestamp')} AS day FROM events WHERE ${events.sql})`;
  // GROUP BY rather than FINAL, which took four times as long while the table's parts were not merged yet.
  const rows = await warehouse.query<{ day: Day; new_users: string }>(
    `SELECT day, count() AS new_users FROM (
       SELECT app_user_id, ${daySql('min(first_seen)')} AS day FROM users WHERE ${app.sql} GROUP BY app_user_id
     )
     WHERE ${DAY_IN_RANGE}${isFiltered ? ` AND (app_user_id, day) IN ${active}` : ''} GROUP BY day`,
    isFiltered ? events.params : { ...app.params, ...daysOf(question) },
    { signal },
  );
  return new Map(rows.map((row) => [row.day, Number(row.new_users)]));
}
