import type { DayRange } from '../lib/calendar.ts';
import { DAY_MS } from '../lib/durations.ts';
import { listOffsets, type ZoneOffset } from '../lib/zone-offsets.ts';
import { EVENT_MS_MAX, EVENT_MS_MIN } from './event-columns.ts';
import { type BoundSql, timeSql } from './event-sql.ts';

/** Calendar days of a time zone (IANA name). */
export type DaysInZone = { timezone: string; range: DayRange };

/**
 * Returns SQL for the calendar day (see Day) of a DateTime64(3) expression in the query's time zone. A time outside the
 * query's range may get a wrong day, but never one inside the range.
 */
export function daySql(query: DaysInZone, time: string): BoundSql {
  const ms = `toUnixTimestamp64Milli(${time})`;
  const { sql, params } = offsetSql(offsetsOf(query), ms);
  return { sql: `toInt32(intDiv(${ms} + ${sql}, ${DAY_MS}))`, params };
}

/** SQL for the offset at a time in epoch milliseconds. Nearly all ranges have one or two offsets; the SQL for these takes a third of the time. */
function offsetSql(offsets: readonly ZoneOffset[], ms: string): BoundSql {
  const [first, second, ...more] = offsets;
  if (first === undefined) throw new Error('A time zone has no offset.');
  const params = { offset_first: first.offsetMs };
  if (second === undefined) return { sql: '{offset_first:Int64}', params };
  if (more.length === 0)
    return {
      sql: `if(${ms} < {offset_change:Int64}, {offset_first:Int64}, {offset_second:Int64})`,
      params: { ...params, offset_change: second.fromMs, offset_second: second.offsetMs },
    };
  const from = '{offsets_from:Array(Int64)}';
  return {
    sql: `transform(roundDown(${ms}, ${from}), ${from}, {offsets:Array(Int64)})`,
    params: {
      offsets_from: offsets.map(({ fromMs }) => fromMs),
      offsets: offsets.map(({ offsetMs }) => offsetMs),
    },
  };
}

/** Returns the condition that a selected `day` is in the query's range. */
export function dayCondition({ range }: Pick<DaysInZone, 'range'>): BoundSql {
  return {
    sql: 'day BETWEEN {first_day:Int32} AND {last_day:Int32}',
    params: { first_day: range.first, last_day: range.last },
  };
}

/**
 * Returns the condition on `timestamp` that all events of the query's days meet, and few others. `prefix` keeps the parameters
 * of several apart.
 */
export function timeCondition(query: DaysInZone, prefix = ''): BoundSql {
  const { first, last } = query.range;
  const offsets = offsetsOf(query).map(({ offsetMs }) => offsetMs);
  return {
    sql: `timestamp >= ${timeSql(`${prefix}from_ms`)} AND timestamp < ${timeSql(`${prefix}to_ms`)}`,
    params: {
      [`${prefix}from_ms`]: clampToEventTime(first * DAY_MS - Math.max(...offsets)),
      [`${prefix}to_ms`]: clampToEventTime((last + 1) * DAY_MS - Math.min(...offsets)),
    },
  };
}

const knownOffsets = new WeakMap<object, ZoneOffset[]>();

/** Computed once per query: 4,000 days take hundreds of look-ups in ICU, and one answer runs several statements. */
function offsetsOf(query: DaysInZone): ZoneOffset[] {
  const offsets = knownOffsets.get(query) ?? listOffsets(query.timezone, query.range);
  knownOffsets.set(query, offsets);
  return offsets;
}

/** Times beyond those of events would overflow the engine's DateTime64. */
const clampToEventTime = (ms: number) => Math.min(Math.max(ms, EVENT_MS_MIN), EVENT_MS_MAX);
