import { type Static, Type } from 'typebox';
import type { Caller } from '../api/caller.ts';
import type { App } from '../directory/app.ts';
import { formatDay } from '../lib/calendar.ts';
import { MINUTE_MS } from '../lib/durations.ts';
import { closedObject, component } from '../lib/schema.ts';
import { dayAt } from '../lib/zone-offsets.ts';
import { type BoundSql, timeSql } from '../warehouse/event-sql.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { countActivity } from './count-activity.ts';
import { LIVE_DEFINITIONS } from './definitions.ts';
import { describeQuery, META_FIELDS } from './meta.ts';
import { USER_SQL, withPersonSql } from './person-sql.ts';
import { type AnalyticsServices, COMMON_QUERY, parseQueryScope, type QueryScope } from './query.ts';
import { scopeCondition } from './query-sql.ts';
import { sumRevenue, toRevenue } from './sum-revenue.ts';

const MINUTES = 30;
const SHORT_MINUTES = 5;
const TOP_EVENTS_MAX = 10;

/** Query parameters of live. */
export const LIVE_QUERY = closedObject(COMMON_QUERY);

const count = (description: string) => Type.Integer({ minimum: 0, description });

/** Answer of live. */
export const LIVE_ANSWER = component(
  'LiveReport',
  closedObject({
    data: closedObject({
      active_users_5m: count('Users with an event in the last 5 minutes.'),
      active_users_30m: count('Users with an event in the last 30 minutes.'),
      dau_today: count('Users with an event today.'),
      revenue_today: Type.String({ description: 'Exact decimal, in the currency of the app.' }),
      events_per_minute: Type.Array(Type.Integer({ minimum: 0 }), {
        minItems: MINUTES,
        maxItems: MINUTES,
        description: `Events of each of the last ${MINUTES} minutes, oldest first.`,
      }),
      top_events: Type.Array(closedObject({ event_name: Type.String(), events: count('Events.') }), {
        maxItems: TOP_EVENTS_MAX,
        description: `The most frequent events of the last ${MINUTES} minutes.`,
      }),
    }),
    meta: closedObject({
      ...META_FIELDS,
      today: Type.String({ format: 'date', description: 'The day of `dau_today` and `revenue_today`.' }),
    }),
  }),
);

type Live = Static<typeof LIVE_ANSWER>['data'];

/** Returns current activity by event time. The metrics of today equal those of daily. Throws 422, StorageError. */
export async function answerLive(
  services: AnalyticsServices,
  caller: Caller,
  app: App | undefined,
  query: Static<typeof LIVE_QUERY>,
  signal: AbortSignal,
): Promise<Static<typeof LIVE_ANSWER>> {
  const { warehouse, clock } = services;
  const nowMs = clock.now();
  const scope = parseQueryScope(services, caller, app, query);
  const today = dayAt(scope.timezone, nowMs);
  const todayQuery = { ...scope, range: { first: today, last: today } };
  const recent = recentCondition(scope, nowMs);
  const [{ events_per_minute, ...active }, top_events, activity, revenue] = await Promise.all([
    readWindow(warehouse, scope, recent, signal),
    listTopEvents(warehouse, recent, signal),
    countActivity(services, todayQuery, ['dau'], signal),
    sumRevenue(services, todayQuery, signal),
  ]);
  return {
    data: {
      ...active,
      dau_today: activity.get(today)?.dau ?? 0,
      revenue_today: toRevenue(revenue.get(today), scope.currency).revenue,
      events_per_minute,
      top_events,
    },
    meta: { ...describeQuery(scope, LIVE_DEFINITIONS, nowMs), today: formatDay(today) },
  };
}

/** Events may be dated up to an hour ahead of the server; they count once that time has come. */
function recentCondition(scope: QueryScope, nowMs: number): BoundSql {
  const { sql, params } = scopeCondition(scope);
  return {
    sql: `${sql} AND timestamp > ${timeSql('window_ms')} AND timestamp <= ${timeSql('now_ms')}`,
    params: { ...params, window_ms: nowMs - MINUTES * MINUTE_MS, now_ms: nowMs },
  };
}

type Window = Pick<Live, 'active_users_5m' | 'active_users_30m' | 'events_per_minute'>;

async function readWindow(
  warehouse: Pick<Warehouse, 'query'>,
  scope: QueryScope,
  recent: BoundSql,
  signal: AbortSignal,
): Promise<Window> {
  const ago = `toUInt8(intDiv({now_ms:Int64} - toUnixTimestamp64Milli(timestamp), ${MINUTE_MS}))`;
  const active = withPersonSql(scope, {
    sql: `SELECT app_id, ${USER_SQL} AS user, ${ago} AS ago FROM events WHERE ${recent.sql}`,
    params: recent.params,
  });
  const [row] = await warehouse.query<{ short: string; all: string; minutes: Record<string, string> }>(
    `SELECT uniqExactIf(person, ago < ${SHORT_MINUTES}) AS short, uniqExact(person) AS all,
            sumMap(map(ago, toUInt64(1))) AS minutes
     FROM (${active.sql})`,
    active.params,
    { signal, isLight: true },
  );
  return {
    active_users_5m: Number(row?.short ?? 0),
    active_users_30m: Number(row?.all ?? 0),
    events_per_minute: Array.from({ length: MINUTES }, (_, index) =>
      Number(row?.minutes[MINUTES - 1 - index] ?? 0),
    ),
  };
}

async function listTopEvents(
  warehouse: Pick<Warehouse, 'query'>,
  recent: BoundSql,
  signal: AbortSignal,
): Promise<Live['top_events']> {
  const rows = await warehouse.query<{ event_name: string; events: string }>(
    `SELECT event_name, count() AS events FROM events WHERE ${recent.sql}
     GROUP BY event_name ORDER BY events DESC, event_name LIMIT ${TOP_EVENTS_MAX}`,
    recent.params,
    { signal, isLight: true },
  );
  return rows.map(({ event_name, events }) => ({ event_name, events: Number(events) }));
}
