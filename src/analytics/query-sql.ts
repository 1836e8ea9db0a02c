import { DAY_MS } from '../lib/durations.ts';
import { EVENT_MS_MAX, EVENT_MS_MIN } from '../warehouse/event-columns.ts';
import { type BoundSql, timeSql } from '../warehouse/event-sql.ts';
import { type AnalyticsQuery, FILTERS, type QueryScope } from './query.ts';
import { listOffsets, type ZoneOffset } from './zone-offsets.ts';

/** Returns the condition for the rows of the scope's app, in any table: the first two columns of its sort key. */
export function appCondition({ app }: QueryScope): BoundSql {
  return {
    sql: 'project_id = {project_id:String} AND app_id = {app_id:String}',
    params: { project_id: app.projectId, app_id: app.id },
  };
}

/** Returns the condition for the events of the scope's app that match its filters. */
export function scopeCondition(scope: QueryScope): BoundSql {
  const { sql, params } = appCondition(scope);
  const given = FILTERS.filter((name) => scope.filters[name]);
  return {
    sql: [sql, ...given.map((name) => `has({${name}:Array(String)}, ${name})`)].join(' AND '),
    params: { ...params, ...scope.filters },
  };
}

/**
 * Returns the condition for the events of a query. `daySql(query, 'timestamp')` must be selected as `day`: the
 * condition on time is a little wider than the days, but without it the engine would read every event.
 */
export function queryCondition(query: AnalyticsQuery): BoundSql {
  const scope = scopeCondition(query);
  const time = timeCondition(query);
  const day = dayCondition(query);
  return {
    sql: `${scope.sql} AND ${time.sql} AND ${day.sql}`,
    params: { ...scope.params, ...time.params, ...day.params },
  };
}

/**
 * Returns SQL for the calendar day (see Day) of a DateTime64(3) expression in the query's time zone. A time outside the
 * query's range may get a wrong day, but never one inside the range.
 */
export function daySql(query: AnalyticsQuery, time: string): BoundSql {
  const offsets = offsetsOf(query);
  const ms = `toUnixTimestamp64Milli(${time})`;
  const from = '{offsets_from:Array(Int64)}';
  const offset = `transform(roundDown(${ms}, ${from}), ${from}, {offsets:Array(Int64)})`;
  return {
    sql: `toUInt32(intDiv(${ms} + ${offset}, ${DAY_MS}))`,
    params: {
      offsets_from: offsets.map(({ fromMs }) => fromMs),
      offsets: offsets.map(({ offsetMs }) => offsetMs),
    },
  };
}

/** Returns the condition that a selected `day` is in the query's range. */
export function dayCondition({ range }: AnalyticsQuery): BoundSql {
  return {
    sql: 'day BETWEEN {first_day:Int32} AND {last_day:Int32}',
    params: { first_day: range.first, last_day: range.last },
  };
}

function timeCondition(query: AnalyticsQuery): BoundSql {
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

const knownOffsets = new WeakMap<AnalyticsQuery, ZoneOffset[]>();

/** Computed once per query: 4,000 days take hundreds of look-ups in ICU, and one answer runs several statements. */
function offsetsOf(query: AnalyticsQuery): ZoneOffset[] {
  const offsets = knownOffsets.get(query) ?? listOffsets(query.timezone, query.range);
  knownOffsets.set(query, offsets);
  return offsets;
}

/** Times beyond those of events would overflow the engine's DateTime64. */
const clampToEventTime = (ms: number) => Math.min(Math.max(ms, EVENT_MS_MIN), EVENT_MS_MAX);
