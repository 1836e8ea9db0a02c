import { type Static, Type } from 'typebox';
import type { Caller } from '../api/caller.ts';
import { decodeCursor, encodeCursor, LIST_QUERY, limitOf, pageOf } from '../api/list.ts';
import { listAllowedApps } from '../api/resources.ts';
import type { App } from '../directory/app.ts';
import type { Directory } from '../directory/directory.ts';
import type { Clock } from '../lib/clock.ts';
import { closedObject } from '../lib/schema.ts';
import { QUERY_TIMEOUT_MS } from '../warehouse/engine/gateway.ts';
import { isEventTime } from '../warehouse/event-columns.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { buildFilter, EVENT_FILTERS } from './event-filter.ts';
import { EVENT_JSON, type ToldEvent, toEventJson } from './event-json.ts';
import { type EventPosition, positionOf, readNewestFirst } from './newest-first.ts';

/** What reading events takes. */
export type EventServices = { warehouse: Warehouse; directory: Directory; clock: Clock };

/** The forms an export can have. */
export const EXPORT_FORMATS = ['ndjson', 'csv'] as const;

export const SEARCH_QUERY = closedObject({
  ...LIST_QUERY,
  ...EVENT_FILTERS,
  format: Type.Optional(
    Type.Enum(['json', ...EXPORT_FORMATS], {
      description: '`ndjson` and `csv` stream every event that fits, past limit and cursor.',
    }),
  ),
});

export const SEARCH_ANSWER = pageOf(EVENT_JSON);

/** What search and export can be asked. */
export type SearchQuery = Static<typeof SEARCH_QUERY>;

/** Returns a page of the project's events, newest first; events of equal time by id. Throws 422, StorageError. */
export async function searchEvents(
  { warehouse, directory, clock }: EventServices,
  caller: Caller,
  app: App | undefined,
  query: SearchQuery,
  signal: AbortSignal,
): Promise<Static<typeof SEARCH_ANSWER>> {
  const apps = query.app_id !== undefined && app ? [app] : listAllowedApps(directory, caller);
  const limit = limitOf(query);
  const filter = buildFilter(
    caller.project.id,
    apps.map(({ id }) => id),
    query,
  );
  const before = decodeCursor(query.cursor, isPosition);
  const reading = { before, limit: limit + 1, nowMs: clock.now() };
  const events: ToldEvent[] = [];
  for await (const found of readNewestFirst(asOneQuestion(warehouse), filter, reading, signal)) {
    events.push(...found);
    if (events.length > limit) break;
  }
  const page = events.slice(0, limit);
  const last = page.at(-1);
  const next_cursor = last && events.length > limit ? encodeCursor(positionOf(last)) : null;
  return { data: page.map(toEventJson), next_cursor };
}

/** However many slices a page takes, its caller waits no longer than for any other question. */
function asOneQuestion({ query }: Pick<Warehouse, 'query'>): Pick<Warehouse, 'query'> {
  const deadline = performance.now() + QUERY_TIMEOUT_MS;
  return {
    query: (sql, params, options) =>
      query(sql, params, { ...options, timeoutMs: Math.max(1, deadline - performance.now()) }),
  };
}

const isPosition = (value: unknown): value is EventPosition =>
  Array.isArray(value) && value.length === 2 && isEventTime(value[0]) && typeof value[1] === 'string';
