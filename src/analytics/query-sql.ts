import { DAY_MS } from '../lib/durations.ts';
import { listOffsets, type ZoneOffset } from '../lib/zone-offsets.ts';
import { EVENT_MS_MAX, EVENT_MS_MIN } from '../warehouse/event-columns.ts';
import {
  type BoundSql,
  hasPropertySql,
  propertyParams,
  propertyTextSql,
  timeSql,
} from '../warehouse/event-sql.ts';
import { COUNTED_SQL } from '../warehouse/integrity/derive-sql.ts';
import { usersWithPropertySql } from './person-sql.ts';
import { type AnalyticsQuery, FILTERS, groupPropertyFilters, type QueryScope } from './query.ts';

/** Returns the condition for the rows of the scope's apps, in any table: the first two columns of its sort key. */
export function appCondition({ projectId, apps }: Pick<QueryScope, 'projectId' | 'apps'>): BoundSql {
  return {
    sql: 'project_id = {project_id:String} AND app_id IN {app_ids:Array(String)}',
    params: { project_id: projectId, app_ids: apps.map(({ id }) => id) },
  };
}

/** Returns the condition for the events of the scope's apps that count and match its filters. */
export function scopeCondition(scope: QueryScope): BoundSql {
  return allOf([appCondition(scope), { sql: COUNTED_SQL, params: {} }, filterCondition(scope)]);
}

/** Returns the condition for the events that match the filters of a scope. */
export function filterCondition(scope: QueryScope): BoundSql {
  return allOf([columnCondition(scope), propertyCondition(scope), userPropertyCondition(scope)]);
}

/** Returns the condition for the rows, of events or of a rollup, that match the filters by column. */
export function columnCondition({ filters }: QueryScope): BoundSql {
  const given = FILTERS.filter((name) => filters[name]);
  return {
    sql: given.map((name) => `has({${name}:Array(String)}, ${name})`).join(' AND '),
    params: Object.fromEntries(given.map((name) => [name, filters[name]])),
  };
}

/** An absent property extracts as '' and must not match an empty value. */
function propertyCondition({ filters }: QueryScope): BoundSql {
  const groups = [...groupPropertyFilters(filters.property)];
  return allOf(
    groups.map(([name, values], index) => ({
      sql: `${hasPropertySql(`property_${index}`)} AND has({values_${index}:Array(String)}, ${propertyTextSql(`property_${index}`)})`,
      params: { ...propertyParams(`property_${index}`, name), [`values_${index}`]: values },
    })),
  );
}

/** Returns the condition for the rows of events whose person has the properties that the filters ask for. */
export function userPropertyCondition(scope: QueryScope, user = 'sipHash64(app_user_id)'): BoundSql {
  const groups = [...groupPropertyFilters(scope.filters.user_property)];
  return allOf(
    groups.map(([name, values], index) => {
      const users = usersWithPropertySql(scope, { name, values }, index);
      return { sql: `(app_id, ${user}) IN (${users.sql})`, params: users.params };
    }),
  );
}

/** Returns the condition that all of some conditions hold; those without SQL are left out, and none at all is `1`. */
export function allOf(conditions: readonly BoundSql[]): BoundSql {
  const given = conditions.filter(({ sql }) => sql !== '');
  return {
    sql: given.map(({ sql }) => sql).join(' AND '),
    params: Object.assign({}, ...given.map(({ params }) => params)),
  };
}

/**
 * Returns the condition for the events of a query. `daySql(query, 'timestamp')` must be selected as `day`: the
 * condition on time is a little wider than the days, but without it the engine would read every event.
 */
export function queryCondition(query: AnalyticsQuery): BoundSql {
  return allOf([scopeCondition(query), timeCondition(query), dayCondition(query)]);
}

/**
 * Returns SQL for the calendar day (see Day) of a DateTime64(3) expression in the query's time zone. A time outside the
 * query's range may get a wrong day, but never one inside the range.
 */
export function daySql(query: Pick<AnalyticsQuery, 'timezone' | 'range'>, time: string): BoundSql {
  const offsets = offsetsOf(query);
  const ms = `toUnixTimestamp64Milli(${time})`;
  const from = '{offsets_from:Array(Int64)}';
  const offset = `transform(roundDown(${ms}, ${from}), ${from}, {offsets:Array(Int64)})`;
  return {
    sql: `toInt32(intDiv(${ms} + ${offset}, ${DAY_MS}))`,
    params: {
      offsets_from: offsets.map(({ fromMs }) => fromMs),
      offsets: offsets.map(({ offsetMs }) => offsetMs),
    },
  };
}

/** Returns the condition that a selected `day` is in the query's range. */
export function dayCondition({ range }: Pick<AnalyticsQuery, 'range'>): BoundSql {
  return {
    sql: 'day BETWEEN {first_day:Int32} AND {last_day:Int32}',
    params: { first_day: range.first, last_day: range.last },
  };
}

/** Returns the condition on `timestamp` that all events of the query's days meet, and few others. */
export function timeCondition(query: Pick<AnalyticsQuery, 'timezone' | 'range'>): BoundSql {
  const { first, last } = query.range;
  const offsets = offsetsOf(query).map(({ offsetMs }) => offsetMs);
  return {
    sql: `timestamp >= ${timeSql('from_ms')} AND timestamp < ${timeSql('to_ms')}`,
    params: {
      from_ms: clampToEventTime(first * DAY_MS - Math.max(...offsets)),
      to_ms: clampToEventTime((last + 1) * DAY_MS - Math.min(...offsets)),
    },
  };
}

const knownOffsets = new WeakMap<object, ZoneOffset[]>();

/** Computed once per query: 4,000 days take hundreds of look-ups in ICU, and one answer runs several statements. */
function offsetsOf(query: Pick<AnalyticsQuery, 'timezone' | 'range'>): ZoneOffset[] {
  const offsets = knownOffsets.get(query) ?? listOffsets(query.timezone, query.range);
  knownOffsets.set(query, offsets);
  return offsets;
}

/** Times beyond those of events would overflow the engine's DateTime64. */
const clampToEventTime = (ms: number) => Math.min(Math.max(ms, EVENT_MS_MIN), EVENT_MS_MAX);
