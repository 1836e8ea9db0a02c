import { type Static, Type } from 'typebox';
import type { App } from '../apps/app.ts';
import { listReachableApps } from '../apps/resolve.ts';
import { validationFailed } from '../http/errors.ts';
import { decodeCursor, encodeCursor, LIST_QUERY, limitOf, pageOf } from '../http/list.ts';
import { type Caller, closedObject, nullable } from '../http/route.ts';
import type { Services } from '../services.ts';
import { CONTEXT_KEYS } from './context.ts';
import { parseTimestamp } from './timestamp.ts';

export const SEARCH_QUERY = closedObject({
  ...LIST_QUERY,
  app_id: Type.Optional(Type.String()),
  app_user_id: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  event_name: Type.Optional(
    Type.Array(Type.String({ maxLength: 64 }), { maxItems: 50, description: 'Repeatable: any of these.' }),
  ),
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
});

const EVENT_JSON = closedObject({
  event_id: Type.String(),
  app_id: Type.String(),
  event_name: Type.String(),
  app_user_id: Type.String(),
  session_id: nullable(Type.String()),
  timestamp: Type.String({ format: 'date-time' }),
  received_at: Type.String({ format: 'date-time' }),
  properties: Type.Record(Type.String(), Type.Unknown()),
  context: Type.Record(Type.String(), Type.String()),
  revenue: nullable(Type.String({ description: 'Exact decimal, as in properties.' })),
  currency: nullable(Type.String()),
  revenue_verified: nullable(Type.Boolean({ description: 'false when the revenue came with a client key.' })),
});

export const SEARCH_ANSWER = pageOf(EVENT_JSON);

type Query = Static<typeof SEARCH_QUERY>;
type EventJson = Static<typeof EVENT_JSON>;

type Row = Record<(typeof CONTEXT_KEYS)[number], string> & {
  event_id: string;
  app_id: string;
  event_name: string;
  app_user_id: string;
  session_id: string;
  timestamp_ms: string;
  received_ms: string;
  properties: string;
  revenue: string | null;
  currency: string;
  verified: number;
};

/** Conditions in SQL and the values bound to them; no value is ever part of the text. */
type Filter = { conditions: string[]; params: Record<string, unknown> };

/** Returns a page of the project's events, newest first; events of equal time by id. Throws 422, StorageError. */
export async function searchEvents(
  { warehouse, directory }: Services,
  caller: Caller,
  app: App | undefined,
  query: Query,
  signal: AbortSignal,
): Promise<Static<typeof SEARCH_ANSWER>> {
  const apps = query.app_id !== undefined && app ? [app] : listReachableApps(directory, caller);
  const limit = limitOf(query);
  const { conditions, params } = buildFilter(caller.project.id, apps, query);
  const rows = await warehouse.query<Row>(
    `SELECT event_id, app_id, event_name, app_user_id, session_id, toUnixTimestamp64Milli(timestamp) AS timestamp_ms,
            toUnixTimestamp64Milli(received_at) AS received_ms, properties, toString(revenue) AS revenue, currency, verified,
            ${CONTEXT_KEYS.join(', ')}
     FROM events WHERE ${conditions.join(' AND ')}
     ORDER BY timestamp DESC, event_id DESC LIMIT {limit:UInt32}`,
    { ...params, limit: limit + 1 },
    { signal },
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next_cursor =
    last && rows.length > limit ? encodeCursor([Number(last.timestamp_ms), last.event_id]) : null;
  return { data: page.map(toEventJson), next_cursor };
}

const isPosition = (value: unknown): value is [number, string] =>
  Array.isArray(value) &&
  value.length === 2 &&
  Number.isSafeInteger(value[0]) &&
  typeof value[1] === 'string';

function buildFilter(projectId: string, apps: readonly App[], query: Query): Filter {
  const filter: Filter = {
    conditions: ['project_id = {project_id:String}'],
    params: { project_id: projectId },
  };
  const [first, ...others] = apps;
  // Equality, where there is one app, lets the engine read the newest events straight from the end of its order.
  if (first && others.length === 0) add(filter, 'app_id = {app_id:String}', { app_id: first.id });
  else add(filter, 'app_id IN {app_ids:Array(String)}', { app_ids: apps.map(({ id }) => id) });
  for (const column of ['app_user_id', 'event_id', 'session_id'] as const) {
    if (query[column] !== undefined)
      add(filter, `${column} = {${column}:String}`, { [column]: query[column] });
  }
  if (query.event_name)
    add(filter, 'event_name IN {event_names:Array(String)}', { event_names: query.event_name });
  addTimes(filter, query);
  for (const [index, text] of (query.property ?? []).entries()) addProperty(filter, text, index);
  const position = decodeCursor(query.cursor, isPosition);
  if (position) {
    const [cursor_ms, cursor_id] = position;
    const condition =
      '(timestamp, event_id) < (fromUnixTimestamp64Milli({cursor_ms:Int64}), {cursor_id:String})';
    add(filter, condition, { cursor_ms, cursor_id });
  }
  return filter;
}

function add(filter: Filter, condition: string, params: Record<string, unknown>): void {
  filter.conditions.push(condition);
  Object.assign(filter.params, params);
}

function addTimes(filter: Filter, query: Query): void {
  const from = query.from === undefined ? undefined : parseTimestamp(query.from);
  const to = query.to === undefined ? undefined : parseTimestamp(query.to);
  if (from !== undefined && to !== undefined && from >= to) {
    throw validationFailed([{ field: 'to', code: 'out_of_range', message: 'to must be later than from.' }]);
  }
  if (from !== undefined)
    add(filter, 'timestamp >= fromUnixTimestamp64Milli({from_ms:Int64})', { from_ms: from });
  if (to !== undefined) add(filter, 'timestamp < fromUnixTimestamp64Milli({to_ms:Int64})', { to_ms: to });
}

/** `plan:pro` finds the text "pro"; `files:2` finds the number 2 and the text "2". */
function addProperty(filter: Filter, text: string, index: number): void {
  const mark = text.indexOf(':');
  const [name, value] = [`property_name_${index}`, `property_value_${index}`];
  const held = `properties, {${name}:String}`;
  // JSONHas: what is absent extracts as the empty text, and must not be found by it.
  const condition = `JSONHas(${held}) AND {${value}:String} =
    if(JSONType(${held}) = 'String', JSONExtractString(${held}), JSONExtractRaw(${held}))`;
  add(filter, condition, { [name]: text.slice(0, mark), [value]: text.slice(mark + 1) });
}

function toEventJson(row: Row): EventJson {
  const context = CONTEXT_KEYS.filter((column) => row[column] !== '').map((column) => [column, row[column]]);
  return {
    event_id: row.event_id,
    app_id: row.app_id,
    event_name: row.event_name,
    app_user_id: row.app_user_id,
    session_id: row.session_id || null,
    timestamp: new Date(Number(row.timestamp_ms)).toISOString(),
    received_at: new Date(Number(row.received_ms)).toISOString(),
    properties: JSON.parse(row.properties) as Record<string, unknown>,
    context: Object.fromEntries(context) as Record<string, string>,
    revenue: row.revenue,
    currency: row.currency || null,
    revenue_verified: row.revenue === null ? null : row.verified === 1,
  };
}
