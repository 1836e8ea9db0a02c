import type { Caller } from '../api/caller.ts';
import { type ExportLayout, type ExportOptions, renderExport } from '../api/export.ts';
import { listAllowedApps } from '../api/resources.ts';
import { EXPORT_TYPES, exportAs, type Streamed } from '../api/streamed.ts';
import type { App } from '../directory/app.ts';
import { type PublicEvent, toEventJson } from './event-json.ts';
import { CONTEXT_KEYS } from './ingest/context.ts';
import { readNewestFirst } from './newest-first.ts';
import { buildPersonFilter } from './person-filter.ts';
import type { EventServices, SearchQuery } from './search.ts';

/** A page reads the same few granules of the table however small it is; a much larger one only takes more memory. */
const EVENTS_PER_PAGE = 5_000;

const LAYOUT: ExportLayout<PublicEvent> = {
  columns: [
    'event_id',
    'app_id',
    'event_name',
    'app_user_id',
    'session_id',
    'timestamp',
    'received_at',
    'revenue',
    'currency',
    'revenue_verified',
    ...CONTEXT_KEYS,
    'properties',
  ],
  toJson: toEventJson,
  toCells,
};

/**
 * Returns all events that match the query as text, newest first, page by page, so memory use does not grow with it.
 * Events that arrive meanwhile are included if they are older than the last one sent. Throws 422, StorageError.
 */
export async function exportEvents(
  { warehouse, directory, clock }: EventServices,
  caller: Caller,
  app: App | undefined,
  { query, ...options }: ExportOptions & { query: SearchQuery },
  signal: AbortSignal,
): Promise<Streamed> {
  const apps = query.app_id !== undefined && app ? [app] : listAllowedApps(directory, caller);
  const appIds = apps.map(({ id }) => id);
  const filter = await buildPersonFilter(warehouse, caller.project.id, appIds, query, signal);
  const window = { before: undefined, limit: EVENTS_PER_PAGE, nowMs: clock.now() };
  const pages = readNewestFirst(warehouse, filter, window, signal);
  // Read before the response starts, so that an error here still gets its own status and problem body.
  const first = await pages.next();
  const all = first.done ? pages : prepend(first.value, pages);
  return exportAs(EXPORT_TYPES[options.format], renderExport(options, all, LAYOUT), appIds);
}

async function* prepend<T>(first: T, others: AsyncIterable<T>): AsyncGenerator<T> {
  yield first;
  yield* others;
}

function toCells(event: PublicEvent): (string | null)[] {
  const { session_id, timestamp, received_at, properties, revenue, currency, revenue_verified } =
    toEventJson(event);
  return [
    event.event_id,
    event.app_id,
    event.event_name,
    event.app_user_id,
    session_id,
    timestamp,
    received_at,
    revenue,
    currency,
    revenue_verified === null ? null : String(revenue_verified),
    ...CONTEXT_KEYS.map((key) => event[key]),
    JSON.stringify(properties),
  ];
}
