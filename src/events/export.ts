import type { Caller } from '../api/caller.ts';
import { csvLine } from '../api/csv.ts';
import { listAllowedApps } from '../api/resources.ts';
import { EXPORT_TYPES, exportAs, type Streamed } from '../api/streamed.ts';
import type { App } from '../directory/app.ts';
import { buildFilter } from './event-filter.ts';
import { type ToldEvent, toEventJson } from './event-json.ts';
import { CONTEXT_KEYS } from './ingest/context.ts';
import { readNewestFirst } from './newest-first.ts';
import type { EventServices, EXPORT_FORMATS, SearchQuery } from './search.ts';

/** A page costs the same few granules of the table however small it is; much larger ones would only take memory. */
const EVENTS_A_PAGE = 5_000;
/** Made at once; between two of them others get their turn. */
const EVENTS_A_CHUNK = 200;

const COLUMNS = [
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
];

/**
 * Returns every event that the query lets pass as text, newest first, a page at a time: memory does not grow with it.
 * Events that arrive meanwhile are in it as far as they are older than what was told last. Throws 422, StorageError.
 */
export async function exportEvents(
  { warehouse, directory, clock }: EventServices,
  caller: Caller,
  app: App | undefined,
  { format, query }: { format: (typeof EXPORT_FORMATS)[number]; query: SearchQuery },
  signal: AbortSignal,
): Promise<Streamed> {
  const apps = query.app_id !== undefined && app ? [app] : listAllowedApps(directory, caller);
  const appIds = apps.map(({ id }) => id);
  const filter = buildFilter(caller.project.id, appIds, query);
  const reading = { before: undefined, limit: EVENTS_A_PAGE, nowMs: clock.now() };
  const pages = readNewestFirst(warehouse, filter, reading, signal);
  // Before the answer begins: what fails here is still told as the problem it is.
  const first = await pages.next();
  return exportAs(EXPORT_TYPES[format], render(format, first.done ? [] : first.value, pages), appIds);
}

async function* render(
  format: (typeof EXPORT_FORMATS)[number],
  first: ToldEvent[],
  others: AsyncIterable<ToldEvent[]>,
): AsyncGenerator<string> {
  if (format === 'csv') yield csvLine(COLUMNS);
  const toLine = format === 'csv' ? toCsv : toNdjson;
  yield* inChunks(first, toLine);
  for await (const page of others) yield* inChunks(page, toLine);
}

function* inChunks(events: readonly ToldEvent[], toLine: (event: ToldEvent) => string): Generator<string> {
  for (let at = 0; at < events.length; at += EVENTS_A_CHUNK) {
    yield events
      .slice(at, at + EVENTS_A_CHUNK)
      .map(toLine)
      .join('');
  }
}

const toNdjson = (event: ToldEvent) => `${JSON.stringify(toEventJson(event))}\n`;

function toCsv(event: ToldEvent): string {
  const { session_id, timestamp, received_at, revenue, currency, revenue_verified } = toEventJson(event);
  return csvLine([
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
    event.properties,
  ]);
}
