import { dayCondition, daySql } from '../../warehouse/day-sql.ts';
import { type BoundSql, REVENUE_SQL, revenueCondition } from '../../warehouse/event-sql.ts';
import { selectFirstSeen } from '../count-new-users.ts';
import type { HourMetric } from '../metrics.ts';
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

type CountMetric = Exclude<HourMetric, 'revenue' | 'new_users'>;

/** The counts that were asked for. */
type CountRow = { hour: string } & Partial<Record<CountMetric | 'new_users', string>>;
type MoneyRow = { hour: string; currency: string; amount: string };

/** SQL for the hour that a time is in: the last start that is not after it; for earlier times, the first start. */
const hourSql = (time: string) => `roundDown(toUnixTimestamp64Milli(${time}), {hours:Array(Int64)})`;

/**
 * Returns a function from the start of an hour to its exact counts, 0 for metrics that are not among `metrics`. `hours` are the
 * starts of all hours of the query's range, in order. From the events: rollups are of whole days. Throws StorageError.
 */
export async function countHours(
  { warehouse }: QueryServices,
  query: AnalyticsQuery,
  { hours, metrics }: { hours: readonly number[]; metrics: readonly HourMetric[] },
  signal: AbortSignal,
): Promise<(hour: number) => HourCounts> {
  const counted = metrics.filter((metric) => metric !== 'revenue' && metric !== 'new_users');
  const options = { signal, isLight: true };
  const [counts, newUsers, money] = await Promise.all([
    counted.length === 0 ? [] : warehouse.query<CountRow>(...countSql(query, hours, counted), options),
    metrics.includes('new_users') ? warehouse.query<CountRow>(...newUsersSql(query, hours), options) : [],
    metrics.includes('revenue') ? warehouse.query<MoneyRow>(...moneySql(query, hours), options) : [],
  ]);
  const byHour = new Map(counts.map((row) => [Number(row.hour), row]));
  const newByHour = new Map(newUsers.map((row) => [Number(row.hour), row]));
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
      new_users: Number(newByHour.get(hour)?.new_users ?? 0),
      sessions: Number(row?.sessions ?? 0),
      events: Number(row?.events ?? 0),
      ...toRevenue(sums.get(hour), query.currency),
    };
  };
}

const COUNT_SQL: Record<CountMetric, string> = {
  active_users: 'uniqExact(person)',
  sessions: "uniqExactIf(app_id, person, session_id, session_id != '')",
  events: 'count()',
};

function countSql(
  query: AnalyticsQuery,
  hours: readonly number[],
  metrics: readonly CountMetric[],
): [string, Record<string, unknown>] {
  const active = selectActiveHours(query, 'session_id');
  const columns = metrics.map((metric) => `${COUNT_SQL[metric]} AS ${metric}`).join(', ');
  return [`SELECT hour, ${columns} FROM (${active.sql}) GROUP BY hour`, { ...active.params, hours }];
}

/** Counts the people whose first event ever was in an hour; with filters, only those with a matching event in that hour. */
function newUsersSql(query: AnalyticsQuery, hours: readonly number[]): [string, Record<string, unknown>] {
  const firstSeen = selectFirstSeen(query);
  const firstDay = daySql(query, 'first');
  const inRange = dayCondition(query);
  const active = Object.keys(query.filters).length > 0 ? selectActiveHours(query) : undefined;
  const isActive = active ? ` AND (person, hour) IN (SELECT person, hour FROM (${active.sql}))` : '';
  return [
    `SELECT hour, count() AS new_users FROM (
       SELECT person, first, ${firstDay.sql} AS day, ${hourSql('first')} AS hour FROM (${firstSeen.sql})
     ) WHERE ${inRange.sql} AND toUnixTimestamp64Milli(first) >= hour${isActive} GROUP BY hour`,
    { ...active?.params, ...firstSeen.params, ...firstDay.params, ...inRange.params, hours },
  ];
}

/** Returns SQL of rows `(app_id, hour, user, person)` and these columns of the query's events. */
const selectActiveHours = (query: AnalyticsQuery, ...columns: readonly string[]): BoundSql =>
  withPersonSql(query, selectHours(query, ['app_id', `${USER_SQL} AS user`, ...columns].join(', ')));

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
