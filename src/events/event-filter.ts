import { type Static, Type } from 'typebox';
import { validationFailed } from '../api/errors.ts';
import type { closedObject } from '../lib/schema.ts';
import { parseTimestamp } from '../lib/timestamp.ts';
import { TIMESTAMP_MIN } from '../warehouse/event-columns.ts';

/** The query parameters that choose events as they are written, without looking into properties or at times. */
export const PLAIN_FILTERS = {
  app_id: Type.Optional(Type.String()),
  app_user_id: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  event_name: Type.Optional(
    Type.Array(Type.String({ maxLength: 64 }), { maxItems: 50, description: 'Repeatable: any of these.' }),
  ),
};

/** All query parameters that choose events. */
export const EVENT_FILTERS = {
  ...PLAIN_FILTERS,
  event_id: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
  session_id: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
  from: Type.Optional(Type.String({ format: 'date-time', description: 'Events at or after this time.' })),
  to: Type.Optional(Type.String({ format: 'date-time', description: 'Events before this time.' })),
  property: Type.Optional(
    Type.Array(Type.String({ pattern: '^[^:]{1,128}:', maxLength: 1_000 }), {
      maxItems: 10,
      description: 'NAME:VALUE, repeatable: events whose property has this value, e.g. plan:pro or files:2.',
    }),
  ),
};

type EventFilters = Static<ReturnType<typeof closedObject<typeof EVENT_FILTERS>>>;

/** Conditions in SQL and the values bound to them; no value is ever part of the text. */
export type Filter = {
  conditions: string[];
  params: Record<string, unknown>;
  /** No event before `from` or at `to` or later passes, epoch milliseconds; conditions say so too. */
  times: { from: number; to: number | undefined };
};

/** Returns the filter for these apps' events of a project that `filters` let pass. Throws 422. */
export function buildFilter(projectId: string, appIds: readonly string[], filters: EventFilters): Filter {
  const filter: Filter = {
    conditions: ['project_id = {project_id:String}'],
    params: { project_id: projectId },
    times: parseTimes(filters),
  };
  addCondition(filter, 'app_id IN {app_ids:Array(String)}', { app_ids: appIds });
  for (const column of ['app_user_id', 'event_id', 'session_id'] as const) {
    const value = filters[column];
    if (value !== undefined) addCondition(filter, `${column} = {${column}:String}`, { [column]: value });
  }
  const { event_name: event_names } = filters;
  if (event_names) addCondition(filter, 'event_name IN {event_names:Array(String)}', { event_names });
  addTimes(filter);
  for (const [index, text] of (filters.property ?? []).entries()) addProperty(filter, text, index);
  return filter;
}

function addCondition(filter: Filter, condition: string, params: Record<string, unknown>): void {
  filter.conditions.push(condition);
  Object.assign(filter.params, params);
}

/** Returns a copy of a filter with one more condition. */
export function withCondition(filter: Filter, condition: string, params: Record<string, unknown>): Filter {
  return {
    ...filter,
    conditions: [...filter.conditions, condition],
    params: { ...filter.params, ...params },
  };
}

function parseTimes(filters: EventFilters): Filter['times'] {
  const from = filters.from === undefined ? undefined : parseTimestamp(filters.from);
  const to = filters.to === undefined ? undefined : parseTimestamp(filters.to);
  if (from !== undefined && to !== undefined && from >= to) {
    throw validationFailed([{ field: 'to', code: 'out_of_range', message: 'to must be later than from.' }]);
  }
  return { from: Math.max(from ?? TIMESTAMP_MIN, TIMESTAMP_MIN), to };
}

function addTimes(filter: Filter): void {
  const { from, to } = filter.times;
  addCondition(filter, 'timestamp >= fromUnixTimestamp64Milli({from_ms:Int64})', { from_ms: from });
  if (to !== undefined)
    addCondition(filter, 'timestamp < fromUnixTimestamp64Milli({to_ms:Int64})', { to_ms: to });
}

/** `plan:pro` finds the text "pro"; `files:2` finds the number 2 and the text "2". */
function addProperty(filter: Filter, text: string, index: number): void {
  const mark = text.indexOf(':');
  const [name, value] = [`property_name_${index}`, `property_value_${index}`];
  const held = `properties, {${name}:String}`;
  // JSONHas: what is absent extracts as the empty text, and must not be found by it.
  const condition = `JSONHas(${held}) AND {${value}:String} =
    if(JSONType(${held}) = 'String', JSONExtractString(${held}), JSONExtractRaw(${held}))`;
  addCondition(filter, condition, { [name]: text.slice(0, mark), [value]: text.slice(mark + 1) });
}
