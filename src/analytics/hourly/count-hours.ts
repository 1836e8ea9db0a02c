import { daySql } from '../../warehouse/day-sql.ts';
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

type CountMetric = Exclude<HourMetric, 'revenue'>;

/** The counts that were asked for. */
type CountRow = { hour: string } & Partial<Record<CountMetric, string>>;
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
  const counted = metrics.filter((metric) => metric !== 'revenue');
  const options = { signal, isLight: true };
  const [counts, money] = await Promise.all([
    counted.length === 0 ? [] : warehouse.query<CountRow>(...countSql(query, hours, counted), options),
    metrics.includes('revenue') ? warehouse.query<MoneyRow>(...moneySql(query, hours), options) : [],
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

const COUNT_SQL: Record<CountMetric, string> = {
  active_users: 'uniqExact(person)',
  new_users: `uniqExactIf(person, ${hourSql('first')} = hour AND toUnixTimestamp64Milli(first) >= hour)`,
  sessions: "uniqExactIf(app_id, person, session_id, session_id != '')",
  events: 'count()',
};

function countSql(
  query: AnalyticsQuery,
  hours: readonly number[],
  metrics: readonly CountMetric[],
): [string, Record<string, unknown>] {
  const active = withPersonSql(query, selectHours(query, `app_id, ${USER_SQL} AS user, session_id`));
  const firstSeen = selectFirstSeen(query);
  // Reads all users there are.
  const seen = metrics.includes('new_users')
    ? `INNER JOIN (${firstSeen.sql}) AS seen ON active.person = seen.person`
    : '';
  const columns = metrics.map((metric) => `${COUNT_SQL[metric]} AS ${metric}`).join(', ');
  return [
    `SELECT hour, ${columns} FROM (${active.sql}) AS active ${seen} GROUP BY hour`,
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
