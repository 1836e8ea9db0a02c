import { daySql } from '../../warehouse/day-sql.ts';
import { type BoundSql, REVENUE_SQL, revenueCondition } from '../../warehouse/event-sql.ts';
import { selectFirstSeen } from '../count-new-users.ts';
import { formatMoney } from '../money.ts';
import { USER_SQL, withPersonSql } from '../person-sql.ts';
import type { AnalyticsQuery, QueryServices } from '../query.ts';
import { queryCondition } from '../query-sql.ts';
import { type Revenue, toRevenue } from '../sum-revenue.ts';

/** All metrics of an hour. */
export type HourCounts = Revenue & {
  active_users: number;
  new_users: number;
  sessions: number;
  events: number;
};

type CountRow = { hour: string; active_users: string; new_users: string; sessions: string; events: string };
type MoneyRow = { hour: string; currency: string; amount: string };

/** SQL for the hour that a time is in: the last start that is not after it; for earlier times, the first start. */
const hourSql = (time: string) => `roundDown(toUnixTimestamp64Milli(${time}), {hours:Array(Int64)})`;

/**
 * Returns a function from the start of an hour to its exact counts. `hours` are the starts of all hours of the query's range, in
 * order. From the events: rollups are of whole days.
 * Throws StorageError.
 */
export async function countHours(
  { warehouse }: QueryServices,
  query: AnalyticsQuery,
  hours: readonly number[],
  signal: AbortSignal,
): Promise<(hour: number) => HourCounts> {
  const [counts, money] = await Promise.all([
    warehouse.query<CountRow>(...countSql(query, hours), { signal, isLight: true }),
    warehouse.query<MoneyRow>(...moneySql(query, hours), { signal, isLight: true }),
  ]);
  const byHour = new Map(counts.map((row) => [Number(row.hour), row]));
  const sums = new Map<number, Record<string, string>>();
  for (const { hour, currency, amount } of money) {
    const ofHour = sums.get(Number(hour)) ?? {};
    ofHour[currency] = formatMoney(amount, currency);
    sums.set(Number(hour), ofHour);
  }
  return (hour) => {
    const row = byHour.get(hour);
    return {
      active_users: Number(row?.active_users ?? 0),
      new_users: Number(row?.new_users ?? 0),
      sessions: Number(row?.sessions ?? 0),
      events: Number(row?.events ?? 0),
      ...toRevenue(sums.get(hour), query.currency),
    };
  };
}

function countSql(query: AnalyticsQuery, hours: readonly number[]): [string, Record<string, unknown>] {
  const active = withPersonSql(query, selectHours(query, `app_id, ${USER_SQL} AS user, session_id`));
  const firstSeen = selectFirstSeen(query);
  return [
    `SELECT hour, uniqExact(person) AS active_users, uniqExactIf(person, ${hourSql('first')} = hour AND toUnixTimestamp64Milli(first) >= hour) AS new_users,
      uniqExactIf(app_id, person, session_id, session_id != '') AS sessions, count() AS events
    FROM (${active.sql}) AS active INNER JOIN (${firstSeen.sql}) AS seen ON active.person = seen.person
    GROUP BY hour`,
    { ...active.params, ...firstSeen.params, hours },
  ];
}

function moneySql(query: AnalyticsQuery, hours: readonly number[]): [string, Record<string, unknown>] {
  const events = selectHours(query, `currency, ${REVENUE_SQL} AS part`, [
    revenueCondition(query.includesUnverifiedRevenue),
  ]);
  return [
    `SELECT hour, currency, sum(part) AS amount FROM (${events.sql}) GROUP BY hour, currency ORDER BY hour, currency`,
    { ...events.params, hours },
  ];
}

/** Returns SQL of rows `(hour)` and these columns of the query's events. */
function selectHours(query: AnalyticsQuery, columns: string, conditions: readonly string[] = []): BoundSql {
  const events = queryCondition(query);
  const day = daySql(query, 'timestamp');
  const where = [events.sql, ...conditions].join(' AND ');
  return {
    sql: `SELECT ${hourSql('timestamp')} AS hour, ${day.sql} AS day, ${columns} FROM events WHERE ${where}`,
    params: { ...events.params, ...day.params },
  };
}
