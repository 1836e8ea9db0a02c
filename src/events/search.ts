import { type Static, Type } from 'typebox';
import type { Caller } from '../api/caller.ts';
import { EXPORT_FORMAT_HELP, EXPORT_FORMATS, INCLUDE_END } from '../api/export.ts';
import { decodeCursor, LIST_QUERY, limitOf, pageOf, toPage } from '../api/list.ts';
import { listAllowedApps } from '../api/resources.ts';
import type { App } from '../directory/app.ts';
import type { Directory } from '../directory/directory.ts';
import type { Clock } from '../lib/clock.ts';
import { closedObject, component } from '../lib/schema.ts';
import { QUERY_TIMEOUT_MS } from '../warehouse/engine/gateway.ts';
import { isEventTime } from '../warehouse/event-columns.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { EVENT_FILTERS, type Filter } from './event-filter.ts';
import { EVENT_JSON, type PublicEvent, toEventJson } from './event-json.ts';
import { isTie } from './event-order.ts';
import { findEventPlaces, hasAllEvents, narrowTo } from './event-places.ts';
import { readNewestFirst, type SearchPosition, toSearchPosition } from './newest-first.ts';
import { buildPersonFilter } from './person-filter.ts';

/** The services that reading events needs. */
export type EventServices = { warehouse: Warehouse; directory: Directory; clock: Clock };

/** Query parameters of search. */
export const SEARCH_QUERY = closedObject({
  ...LIST_QUERY,
  ...EVENT_FILTERS,
  format: Type.Optional(
    Type.Enum(['json', ...EXPORT_FORMATS], {
      deprecated: true,
      description: 'Deprecated: use `GET /v1/events/export`. `ndjson` and `csv` return the same.',
    }),
  ),
});

/** Query parameters of the export. */
export const EXPORT_QUERY = closedObject({
  ...EVENT_FILTERS,
  format: Type.Optional(Type.Enum([...EXPORT_FORMATS], { description: EXPORT_FORMAT_HELP })),
  include_end: INCLUDE_END,
});

/** A page of events. */
export const SEARCH_ANSWER = component('EventPage', pageOf(EVENT_JSON));

/** The query parameters of search, validated; those of the export are among them. */
export type SearchQuery = Static<typeof SEARCH_QUERY>;

/** Returns a page of the project's events, newest first, events of the same time by id, app and kind of key. Throws 422, StorageError. */
export async function searchEvents(
  { warehouse, directory, clock }: EventServices,
  caller: Caller,
  app: App | undefined,
  query: SearchQuery,
  signal: AbortSignal,
): Promise<Static<typeof SEARCH_ANSWER>> {
  const apps = query.app_id !== undefined && app ? [app] : listAllowedApps(directory, caller);
  const [projectId, appIds] = [caller.project.id, apps.map(({ id }) => id)];
  const filter = await buildPersonFilter(warehouse, projectId, appIds, query, signal);
  const { event_id: eventId, app_user_id, person, session_id } = query;
  const isRare = [eventId, app_user_id, person, session_id].some((value) => value !== undefined);
  const read = (of: Filter, countMax?: number) =>
    readEventPage(warehouse, of, { query, nowMs: clock.now(), countMax, isRare }, signal);
  if (eventId === undefined) return await read(filter);
  // Also of an unknown event, a wrong cursor is reported.
  decodeCursor(query.cursor, isSearchPosition);
  const places = await findEventPlaces(warehouse, { projectId, appIds, eventId }, signal);
  if (places?.count === 0) return { data: [], next_cursor: null };
  if (places === undefined) return await read(filter);
  const near = await read(narrowTo(filter, places), places.count);
  const isWhole =
    near.data.length === places.count ||
    (await hasAllEvents(warehouse, { projectId, appIds, eventId }, places, signal));
  return isWhole ? near : await read(filter, places.count);
}

/** What to read: `countMax` events match at most, if that is known. `isRare` as in SearchWindow. */
type PageRequest = {
  query: Pick<SearchQuery, 'limit' | 'cursor'>;
  nowMs: number;
  isRare: boolean;
  countMax?: number | undefined;
};

/** Returns a page of the events that match a filter, newest first. Throws 422 for the cursor, StorageError. */
export async function readEventPage(
  warehouse: Pick<Warehouse, 'query'>,
  filter: Filter,
  { query, nowMs, countMax, isRare }: PageRequest,
  signal: AbortSignal,
): Promise<Static<typeof SEARCH_ANSWER>> {
  const limit = limitOf(query);
  const before = decodeCursor(query.cursor, isSearchPosition);
  const window = { before, limit: limit + 1, nowMs, isRare };
  const events: PublicEvent[] = [];
  for await (const found of readNewestFirst(withOneTimeout(warehouse), filter, window, signal)) {
    events.push(...found);
    if (events.length > limit || events.length === countMax) break;
  }
  const { page, next_cursor } = toPage(events, limit, toSearchPosition);
  return { data: page.map(toEventJson), next_cursor };
}

/** All slices of a page share one timeout, so a search takes no longer than any other query. */
function withOneTimeout({ query }: Pick<Warehouse, 'query'>): Pick<Warehouse, 'query'> {
  const deadline = performance.now() + QUERY_TIMEOUT_MS;
  return {
    query: (sql, params, options) =>
      query(sql, params, { ...options, timeoutMs: Math.max(1, deadline - performance.now()) }),
  };
}

const isSearchPosition = (value: unknown): value is SearchPosition =>
  Array.isArray(value) && isEventTime(value[0]) && isTie(value.slice(1));
