import { SECOND_MS } from '../../lib/durations.ts';
import { dayCondition, daySql, timeCondition } from '../../warehouse/day-sql.ts';
import { EVENT_MS_MAX } from '../../warehouse/event-columns.ts';
import type { BoundSql } from '../../warehouse/event-sql.ts';
import { groupedAppSql, USER_SQL, withPersonSql } from '../person-sql.ts';
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
  const people = parts === 1 ? wholePeopleSql(funnel, values) : partOfPeopleSql(funnel, values);
  const firstStep = 1 << PACKED.valueBits;
  const inRange = 1 << PACKED.inRangeBit;
  return {
    sql: `SELECT base64Encode(CAST(groupArrayArrayState(events) AS String)) AS events FROM (
        SELECT person, arrayPushBack(${withoutRepeatsSql(funnel.definition, 'arraySort(list)')}, toUInt64(0)) AS events
        FROM (${people.sql}) WHERE bitAnd(bits, ${firstStep}) != 0 AND bitAnd(bits, ${inRange}) != 0
      ) GROUP BY intDiv(person, {parts:UInt32}) % ${GROUPS}`,
    params: { ...people.params, part, parts },
  };
}

/**
 * SQL that returns each `person`, the `list` of their packed events, and their `bits`. Groups the events by the ID that was sent, and
 * only then finds the person of each ID: there are fewer IDs than events.
 */
function wholePeopleSql(funnel: FunnelQuery, values: readonly string[]): BoundSql {
  const events = packedEventsSql(funnel, values);
  const { column, group } = groupedAppSql(funnel.query);
  const byId = {
    sql: `SELECT ${column.sql}, ${USER_SQL} AS user, list, bits FROM (
        SELECT ${group}app_user_id, groupArray(packed) AS list, groupBitOr(packed) AS bits
        FROM (${events.sql}) GROUP BY ${group}app_user_id
      )`,
    params: { ...events.params, ...column.params },
  };
  const people = withPersonSql(funnel.query, byId);
  if (!funnel.query.hasLinks && funnel.query.apps.length === 1) return people;
  return {
    sql: `SELECT person, groupArrayArray(list) AS list, groupBitOr(bits) AS bits FROM (${people.sql}) GROUP BY person`,
    params: people.params,
  };
}

/** The same of a part of the people. Finds the person of each event first, so that it needs memory for these people only. */
function partOfPeopleSql(funnel: FunnelQuery, values: readonly string[]): BoundSql {
  const events = packedEventsSql(funnel, values);
  const people = withPersonSql(funnel.query, {
    sql: `SELECT app_id, ${USER_SQL} AS user, packed FROM (${events.sql})`,
    params: events.params,
  });
  return {
    sql: `SELECT person, groupArray(packed) AS list, groupBitOr(packed) AS bits
      FROM (${people.sql}) WHERE person % {parts:UInt32} = {part:UInt32} GROUP BY person`,
    params: people.params,
  };
}

/** SQL that returns `app_id`, `app_user_id` and `packed` (see PACKED) of the events that match a step. */
function packedEventsSql(funnel: FunnelQuery, values: readonly string[]): BoundSql {
  const events = stepEventsSql(funnel, breakdownSql(funnel));
  const place =
    funnel.definition.breakdown === undefined
      ? '0'
      : `transform(value, {values:Array(String)}, range(${values.length}), ${OTHER_VALUE})`;
  const packed = `bitOr(bitShiftLeft(toUInt64(ms), ${PACKED.timeBit}), toUInt64(${place} + bitShiftLeft(mask, ${PACKED.valueBits}) + bitShiftLeft(toUInt32(in_range), ${PACKED.inRangeBit})))`;
  return {
    sql: `SELECT app_id, app_user_id, ${packed} AS packed FROM (${events.sql}) WHERE mask != 0`,
    params: { ...events.params, values },
  };
}

/**
 * SQL for a sorted list of packed events without those that change nothing: of events in a row that match the same step, only the
 * last one counts if that step is the first, because a later start is never worse, and otherwise only the first one. That holds if
 * each event matches one step, and if the order of steps matters. A breakdown can need the value of any start.
 */
function withoutRepeatsSql({ steps, order, breakdown }: FunnelDefinition, sorted: string): string {
  const names = new Set(steps.map(({ event_name }) => event_name));
  if (order === 'any' || breakdown !== undefined || names.size < steps.length) return sorted;
  const mask = (event: string) =>
    `bitAnd(bitShiftRight(${event}, ${PACKED.valueBits}), ${(1 << PACKED.stepBits) - 1})`;
  const isKept = `${mask('event')} != if(${mask('event')} = 1, ${mask('next')}, ${mask('previous')})`;
  return `arrayFilter((event, previous, next) -> ${isKept}, ${sorted} AS sorted,
    arrayPopBack(arrayPushFront(sorted, toUInt64(0))), arrayPopFront(arrayPushBack(sorted, toUInt64(0))))`;
}

/** SQL that returns `app_id`, `app_user_id`, `ms`, `value`, `in_range` and `mask` of the events that may match a step. */
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
    sql: `SELECT app_id, app_user_id, toUnixTimestamp64Milli(timestamp) AS ms, ${value.sql} AS value,
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
