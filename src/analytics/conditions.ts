import { DAY_MS } from '../lib/durations.ts';
import { type AnalyticsQuery, FILTERS, type QueryScope } from './filters.ts';
import { listOffsets } from './zone-offsets.ts';

/** A condition in SQL and the values bound to it; no value is ever part of the text. */
export type Condition = { sql: string; params: Record<string, unknown> };

/** Times an event can have; beyond them the engine's times overflow. */
const EVENT_MS_MIN = Date.UTC(2000, 0, 1);
const EVENT_MS_MAX = Date.UTC(2299, 11, 31);

/** Returns the condition for the rows of the scope's app, of any table; the first two columns of its key. */
export function appCondition({ app }: QueryScope): Condition {
  return {
    sql: 'project_id = {project_id:String} AND app_id = {app_id:String}',
    params: { project_id: app.projectId, app_id: app.id },
  };
}

/** Returns the condition for the events of the scope's app that pass its filters. */
export function scopeCondition(scope: QueryScope): Condition {
  const { sql, params } = appCondition(scope);
  const given = FILTERS.filter((name) => scope.filters[name]);
  return {
    sql: [sql, ...given.map((name) => `has({${name}:Array(String)}, ${name})`)].join(' AND '),
    params: { ...params, ...scope.filters },
  };
}

/**
 * Returns SQL for the calendar day (see Day) of a DateTime64(3) expression. Bind `daysOf` the question with it.
 * A time outside the question's range may come out as a wrong day, though never as one within it.
 */
export function daySql(time: string): string {
  const ms = `toUnixTimestamp64Milli(${time})`;
  const from = '{offsets_from:Array(Int64)}';
  const offset = `transform(roundDown(${ms}, ${from}), ${from}, {offsets:Array(Int64)})`;
  return `toUInt32(intDiv(${ms} + ${offset}, ${DAY_MS}))`;
}

/** The condition that the `day` of `daySql` lies in the question's range. */
export const DAY_IN_RANGE = 'day BETWEEN {first_day:Int32} AND {last_day:Int32}';

const daysOfQuestions = new WeakMap<AnalyticsQuery, Record<string, unknown>>();

/** Returns the values that `daySql`, DAY_IN_RANGE and TIME_IN_RANGE need; worked out once for each question. */
export function daysOf(question: AnalyticsQuery): Record<string, unknown> {
  const known = daysOfQuestions.get(question) ?? listDayValues(question);
  daysOfQuestions.set(question, known);
  return known;
}

function listDayValues({ timezone, range }: AnalyticsQuery): Record<string, unknown> {
  const offsets = listOffsets(timezone, range);
  const sizes = offsets.map(({ offsetMs }) => offsetMs);
  return {
    offsets_from: offsets.map(({ fromMs }) => fromMs),
    offsets: sizes,
    first_day: range.first,
    last_day: range.last,
    from_ms: toEventTime(range.first * DAY_MS - Math.max(...sizes)),
    to_ms: toEventTime((range.last + 1) * DAY_MS - Math.min(...sizes)),
  };
}

/** A wider condition than DAY_IN_RANGE, and the one the sort key answers: without it every event would be read. */
const TIME_IN_RANGE =
  'timestamp >= fromUnixTimestamp64Milli({from_ms:Int64}) AND timestamp < fromUnixTimestamp64Milli({to_ms:Int64})';

/** Returns the condition for the question's events. `day` must be among the selected, as `daySql('timestamp')`. */
export function queryCondition(question: AnalyticsQuery): Condition {
  const { sql, params } = scopeCondition(question);
  return {
    sql: `${sql} AND ${TIME_IN_RANGE} AND ${DAY_IN_RANGE}`,
    params: { ...params, ...daysOf(question) },
  };
}

const toEventTime = (ms: number) => Math.min(Math.max(ms, EVENT_MS_MIN), EVENT_MS_MAX);
