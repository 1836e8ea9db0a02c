import { formatMoney } from '../analytics/money.ts';
import { USER_SQL, withPersonSql } from '../analytics/person-sql.ts';
import type { QueryScope } from '../analytics/query.ts';
import { allOf, appCondition } from '../analytics/query-sql.ts';
import { type BoundSql, REVENUE_SQL, revenueCondition, timeSql } from '../warehouse/event-sql.ts';
import { COUNTED_SQL } from '../warehouse/integrity/derive-sql.ts';
import type { Warehouse } from '../warehouse/open.ts';
import type { UserProfile } from './user-json.ts';

/** What the events of a person add up to. */
export type Activity = Pick<UserProfile, 'events' | 'sessions' | 'revenue_by_currency' | 'first' | 'last'>;

/** Which events to read: those of some users, from a time to another one, both inclusive, in epoch milliseconds. */
export type ActivityRange = { users: BoundSql; fromMs: number; toMs: number };

/** The activity of a person without events. */
export const NO_ACTIVITY: Activity = {
  events: 0,
  sessions: 0,
  revenue_by_currency: {},
  first: { app_version: null, country: null, platform: null },
  last: { app_version: null, country: null, platform: null },
};

const COLUMNS = ['app_version', 'country', 'platform'] as const;
const ORDER_SQL = '(timestamp, event_id, verified)';

/** SQL for the latest value of a column of events that is not empty, or '' without one. */
export const lastValueSql = (column: (typeof COLUMNS)[number]) =>
  `argMaxIf(${column}, ${ORDER_SQL}, ${column} != '')`;

const AGGREGATES = [
  'count() AS events',
  "uniqExactIf(app_id, session_id, session_id != '') AS sessions",
  ...COLUMNS.map((column) => `${lastValueSql(column)} AS last_${column}`),
  ...COLUMNS.map((column) => `argMinIf(${column}, ${ORDER_SQL}, ${column} != '') AS first_${column}`),
].join(', ');

type Row = { person: string; events: string; sessions: string } & Record<
  `${'first' | 'last'}_${(typeof COLUMNS)[number]}`,
  string
>;

/** Returns the activity of each person that has events among them, by the person's hash (see `withPersonSql`). Throws StorageError. */
export async function readActivity(
  { query }: Pick<Warehouse, 'query'>,
  scope: QueryScope,
  { users, fromMs, toMs }: ActivityRange,
  signal: AbortSignal,
): Promise<Map<string, Activity>> {
  const times = {
    sql: `timestamp >= ${timeSql('from_ms')} AND timestamp <= ${timeSql('to_ms')}`,
    params: { from_ms: fromMs, to_ms: toMs },
  };
  const condition = allOf([appCondition(scope), times, { sql: COUNTED_SQL, params: {} }, users]);
  const select = (columns: string, more = '') =>
    withPersonSql(scope, {
      sql: `SELECT app_id, ${USER_SQL} AS user, ${columns} FROM events WHERE ${condition.sql}${more}`,
      params: condition.params,
    });
  const events = select(`session_id, timestamp, event_id, verified, ${COLUMNS.join(', ')}`);
  const isCounted = revenueCondition(scope.includesUnverifiedRevenue);
  const sales = select(`currency, ${REVENUE_SQL} AS amount`, ` AND ${isCounted}`);
  const [rows, sums] = await Promise.all([
    query<Row>(`SELECT person, ${AGGREGATES} FROM (${events.sql}) GROUP BY person`, events.params, {
      signal,
    }),
    query<{ person: string; currency: string; amount: string }>(
      `SELECT person, currency, sum(amount) AS amount FROM (${sales.sql}) GROUP BY person, currency ORDER BY currency`,
      sales.params,
      { signal },
    ),
  ]);
  const revenue = Map.groupBy(sums, ({ person }) => person);
  return new Map(
    rows.map((row) => [
      row.person,
      {
        events: Number(row.events),
        sessions: Number(row.sessions),
        revenue_by_currency: Object.fromEntries(
          (revenue.get(row.person) ?? []).map(({ currency, amount }) => [
            currency,
            formatMoney(amount, currency),
          ]),
        ),
        first: {
          app_version: row.first_app_version || null,
          country: row.first_country || null,
          platform: row.first_platform || null,
        },
        last: {
          app_version: row.last_app_version || null,
          country: row.last_country || null,
          platform: row.last_platform || null,
        },
      },
    ]),
  );
}
