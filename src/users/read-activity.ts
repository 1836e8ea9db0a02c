import { formatMoney } from '../analytics/money.ts';
import { USER_SQL, withPersonSql } from '../analytics/person-sql.ts';
import type { QueryScope } from '../analytics/query.ts';
import { allOf, appCondition } from '../analytics/query-sql.ts';
import {
  type BoundSql,
  MAY_BE_OF_USERS_SQL,
  mayBeOfUsers,
  REVENUE_SQL,
  revenueCondition,
  timeSql,
} from '../warehouse/event-sql.ts';
import { COUNTED_SQL } from '../warehouse/integrity/derive-sql.ts';
import type { Warehouse } from '../warehouse/open.ts';
import type { UserProfile } from './user-json.ts';

/** What the events of a person add up to. */
export type Activity = Pick<UserProfile, 'events' | 'sessions' | 'revenue_by_currency' | 'first' | 'last'>;

/**
 * Which events to read: those of some users, from a time to another one, both inclusive, in epoch milliseconds. `userIds` are all of their
 * IDs, if these are few.
 */
export type ActivityRange = { users: BoundSql; userIds?: readonly string[]; fromMs: number; toMs: number };

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

/** Sums by currency, and the currencies, because the engine leaves out sums of zero. */
const revenueSql = (includesUnverified: boolean) => {
  const isCounted = revenueCondition(includesUnverified);
  const amount = `ifNull(CAST(${REVENUE_SQL} AS Nullable(Decimal(38, 6))), 0)`;
  return `sumMapIf(map(currency, ${amount}), ${isCounted}) AS sums, groupUniqArrayIf(currency, ${isCounted}) AS currencies`;
};

const AGGREGATES = [
  'count() AS events',
  "uniqExactIf(app_id, session_id, session_id != '') AS sessions",
  ...COLUMNS.map((column) => `${lastValueSql(column)} AS last_${column}`),
  ...COLUMNS.map((column) => `argMinIf(${column}, ${ORDER_SQL}, ${column} != '') AS first_${column}`),
].join(', ');

type Row = {
  person: string;
  events: string;
  sessions: string;
  sums: Record<string, string>;
  currencies: string[];
} & Record<`${'first' | 'last'}_${(typeof COLUMNS)[number]}`, string>;

/** Returns the activity of each person that has events among them, by the person's hash (see `withPersonSql`). Throws StorageError. */
export async function readActivity(
  { query }: Pick<Warehouse, 'query'>,
  scope: QueryScope,
  { users, userIds, fromMs, toMs }: ActivityRange,
  signal: AbortSignal,
): Promise<Map<string, Activity>> {
  const times = {
    sql: `timestamp >= ${timeSql('from_ms')} AND timestamp <= ${timeSql('to_ms')}`,
    params: { from_ms: fromMs, to_ms: toMs },
  };
  const condition = allOf([appCondition(scope), times, { sql: COUNTED_SQL, params: {} }, users]);
  const prewhere = userIds === undefined ? '' : `PREWHERE ${MAY_BE_OF_USERS_SQL}`;
  const columns = `session_id, timestamp, event_id, verified, ${COLUMNS.join(', ')}, event_name, revenue, currency`;
  const events = withPersonSql(scope, {
    sql: `SELECT app_id, ${USER_SQL} AS user, ${columns} FROM events ${prewhere} WHERE ${condition.sql}`,
    params: { ...condition.params, ...mayBeOfUsers(userIds ?? []) },
  });
  const rows = await query<Row>(
    `SELECT person, ${AGGREGATES}, ${revenueSql(scope.includesUnverifiedRevenue)} FROM (${events.sql}) GROUP BY person`,
    events.params,
    { signal },
  );
  return new Map(
    rows.map((row) => [
      row.person,
      {
        events: Number(row.events),
        sessions: Number(row.sessions),
        revenue_by_currency: Object.fromEntries(
          row.currencies
            .toSorted()
            .map((currency) => [currency, formatMoney(row.sums[currency] ?? '0', currency)]),
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
