import type { Day } from '../lib/calendar.ts';
import { dayCondition, daySql } from '../warehouse/day-sql.ts';
import { selectActive, selectFirstSeen } from './count-new-users.ts';
import type { Period } from './periods.ts';
import type { AnalyticsQuery, QueryServices } from './query.ts';

/** Who was active in a period, and who of them was there for the first time. */
export type PeriodCounts = { users: number; newUsers: number };

/** Returns the exact counts of each period that has events, by its first day. Throws StorageError. */
export async function countPeriodUsers(
  { warehouse, rollups }: QueryServices,
  query: AnalyticsQuery,
  periods: readonly Period[],
  signal: AbortSignal,
): Promise<Map<Day, PeriodCounts>> {
  const active = selectActive(rollups, query);
  const firstSeen = selectFirstSeen(query);
  const firstDay = daySql(query, 'first');
  const inRange = dayCondition(query);
  const starts = '{period_starts:Array(Int32)}';
  const isFiltered = Object.keys(query.filters).length > 0;
  const users = `SELECT roundDown(day, ${starts}) AS period, person FROM (${active.sql})`;
  const isActive = isFiltered ? ` WHERE (period, person) IN (${users})` : '';
  const newUsers = `SELECT roundDown(day, ${starts}) AS period, person
    FROM (SELECT person, ${firstDay.sql} AS day FROM (${firstSeen.sql})) WHERE ${inRange.sql}`;
  const rows = await warehouse.query<{ period: Day; users: string; new_users: string }>(
    `SELECT period, uniqExactIf(person, is_new = 0) AS users, countIf(is_new = 1) AS new_users FROM (
       SELECT period, person, 0 AS is_new FROM (${users})
       UNION ALL SELECT period, person, 1 AS is_new FROM (${newUsers})${isActive}
     ) GROUP BY period`,
    {
      ...{ ...active.params, ...firstSeen.params, ...firstDay.params, ...inRange.params },
      period_starts: periods.map(({ first }) => first),
    },
    { signal, isLight: true },
  );
  return new Map(
    rows.map((row) => [row.period, { users: Number(row.users), newUsers: Number(row.new_users) }]),
  );
}
