import { SECOND_MS } from '../../lib/durations.ts';
import { dayCondition, daySql, timeCondition } from '../../warehouse/day-sql.ts';
import { EVENT_MS_MAX } from '../../warehouse/event-columns.ts';
import type { BoundSql } from '../../warehouse/event-sql.ts';
import { USER_SQL, withPersonSql } from '../person-sql.ts';
import type { AnalyticsQuery } from '../query.ts';
import { allOf, appCondition, filterCondition } from '../query-sql.ts';
import { valueSql } from '../top-values.ts';
import type { FunnelDefinition } from './definition.ts';
import { whereSql } from './where.ts';

/** A funnel of the days of a query. */
export type FunnelQuery = {
  query: AnalyticsQuery;
  definition: FunnelDefinition;
  windowMs: number;
};

/** Where each part of an event is in its 64 bits, from the lowest. The time in milliseconds is above them. */
export const PACKED = { valueBits: 7, stepBits: 10, inRangeBit: 17, timeBit: 18 } as const;

/** Values of the breakdown that get a funnel of their own; the rest have `OTHER_VALUE`. */
export const VALUES_MAX = 100;

/** The place of all values without a funnel of their own. */
export const OTHER_VALUE = 127;

/** Results of this many groups of people: each is unpacked in one go. */
const GROUPS = 64;

/** The value of an event as one text: '' without a value, otherwise after a sign. */
const valueTextSql = (value: string) => `ifNull(concat('=', ${value}), '')`;

/**
 * Returns SQL that returns the most frequent values of the breakdown (`value`, see `valueTextSql`), most frequent first,
 * of the events that someone may start with.
 */
export function topValuesSql(funnel: FunnelQuery): BoundSql {
  const value = breakdownSql(funnel);
  const events = stepEventsSql(funnel, value);
  const starts = funnel.definition.order === 'any' ? 'in_range' : 'in_range AND bitAnd(mask, 1) != 0';
  return {
    sql: `SELECT value FROM (${events.sql}) WHERE ${starts}
      GROUP BY value ORDER BY count() DESC, value LIMIT ${VALUES_MAX}`,
    params: events.params,
  };
}

/** Returns SQL for the value of the breakdown as text, see `valueTextSql`; the same for all events without a breakdown. */
function breakdownSql({ definition: { breakdown } }: FunnelQuery): BoundSql {
  if (breakdown === undefined) return { sql: "''", params: {} };
  const [, property] = /^property:([\s\S]*)$/.exec(breakdown) ?? [];
  const column = (['platform', 'country', 'app_version'] as const).find((name) => name === breakdown);
  const value = valueSql(column ? { column } : { property: property ?? '' });
  return { sql: valueTextSql(value.sql), params: value.params };
}

/**
 * Returns SQL that returns, for each of some groups of people, `events`: base64 of the engine's state of `groupArray`, a
 * length and the packed events (see PACKED) of each person in the order of time, with a 0 after each person. `part` of
 * `parts` limits the people. Arrays instead of the engine's `windowFunnel`, which lets one event fill two steps, and has
 * no times.
 */
export function stepsOfPeopleSql(
  funnel: FunnelQuery,
  values: readonly string[],
  { part, parts }: { part: number; parts: number },
): BoundSql {
  const value = breakdownSql(funnel);
  const events = stepEventsSql(funnel, value);
  const place =
    funnel.definition.breakdown === undefined
      ? '0'
      : `transform(value, {values:Array(String)}, range(${values.length}), ${OTHER_VALUE})`;
  const packed = `bitOr(bitShiftLeft(toUInt64(ms), ${PACKED.timeBit}), toUInt64(${place} + bitShiftLeft(mask, ${PACKED.valueBits}) + bitShiftLeft(toUInt32(in_range), ${PACKED.inRangeBit})))`;
  const people = withPersonSql(funnel.query, {
    sql: `SELECT app_id, user, ${packed} AS packed FROM (${events.sql}) WHERE mask != 0`,
    params: events.params,
  });
  const firstStep = 1 << PACKED.valueBits;
  const inRange = 1 << PACKED.inRangeBit;
  return {
    sql: `SELECT base64Encode(CAST(groupArrayArrayState(events) AS String)) AS events FROM (
        SELECT person, arrayPushBack(arraySort(groupArray(packed)), toUInt64(0)) AS events
        FROM (${people.sql}) WHERE person % {parts:UInt32} = {part:UInt32}
        GROUP BY person
        HAVING bitAnd(groupBitOr(packed), ${firstStep}) != 0 AND bitAnd(groupBitOr(packed), ${inRange}) != 0
      ) GROUP BY intDiv(person, {parts:UInt32}) % ${GROUPS}`,
    params: { ...people.params, values, part, parts },
  };
}

/** SQL that returns `app_id`, `user`, `ms`, `value`, `in_range` and `mask` of the events that may match a step. */
function stepEventsSql({ query, definition, windowMs }: FunnelQuery, value: BoundSql): BoundSql {
  const day = daySql(query, 'timestamp');
  const inRange = dayCondition(query);
  const masks = definition.steps.map((step, index) => maskSql(step, index));
  // Only the first of sequential steps must be in the range, so it has no bit outside.
  const first = definition.order === 'any' ? '' : ' AND in_range';
  const bits = masks.map(({ sql }, index) => `toUInt32((${sql}${index === 0 ? first : ''}) * ${1 << index})`);
  const condition = allOf([
    appCondition(query),
    { sql: 'event_name IN {step_names:Array(String)}', params: {} },
    filterCondition(query),
    timeWithWindow(query, windowMs),
  ]);
  return {
    sql: `SELECT app_id, ${USER_SQL} AS user, toUnixTimestamp64Milli(timestamp) AS ms, ${value.sql} AS value,
        ${day.sql} AS day, ${inRange.sql} AS in_range, ${bits.join(' + ')} AS mask
      FROM events WHERE ${condition.sql}`,
    params: {
      ...Object.assign({}, ...masks.map(({ params }) => params)),
      ...value.params,
      ...day.params,
      ...inRange.params,
      ...condition.params,
      step_names: [...new Set(definition.steps.map(({ event_name }) => event_name))],
    },
  };
}

function maskSql({ event_name, where = [] }: FunnelDefinition['steps'][number], step: number): BoundSql {
  const name = `step_${step}`;
  return allOf([
    { sql: `event_name = {${name}:String}`, params: { [name]: event_name } },
    ...where.map((one, index) => whereSql(one, `${name}_${index}`)),
  ]);
}

/** Later steps may lie after the range, within the window. */
function timeWithWindow(query: AnalyticsQuery, windowMs: number): BoundSql {
  const { sql, params } = timeCondition(query);
  const toMs = Math.min(Number(params.to_ms) + windowMs + SECOND_MS, EVENT_MS_MAX);
  return { sql, params: { ...params, to_ms: toMs } };
}
