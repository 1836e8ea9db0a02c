import { type Static, Type } from 'typebox';
import type { App } from '../apps/app.ts';
import { listReachableApps } from '../apps/resolve.ts';
import { decodeCursor, encodeCursor, LIST_QUERY, limitOf, pageOf } from '../http/list.ts';
import { type Caller, closedObject } from '../http/route.ts';
import type { Services } from '../services.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { addCondition, buildFilter, EVENT_FILTERS, type Filter } from './event-filter.ts';
import {
  EVENT_JSON,
  TOLD_COLUMNS,
  type ToldEvent,
  type ToldRow,
  toEventJson,
  toToldEvent,
} from './event-json.ts';

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

/** The place of an event in the order of a search: its time in epoch milliseconds, and its id. */
export type EventPosition = [number, string];

/** Returns a page of the project's events, newest first; events of equal time by id. Throws 422, StorageError. */
export async function searchEvents(
  { warehouse, directory }: Pick<Services, 'warehouse' | 'directory'>,
  caller: Caller,
  app: App | undefined,
  query: SearchQuery,
  signal: AbortSignal,
): Promise<Static<typeof SEARCH_ANSWER>> {
  const apps = query.app_id !== undefined && app ? [app] : listReachableApps(directory, caller);
  const limit = limitOf(query);
  const filter = buildFilter(
    caller.project.id,
    apps.map(({ id }) => id),
    query,
  );
  const before = decodeCursor(query.cursor, isPosition);
  const events = await readEventsBefore(warehouse, filter, before, limit + 1, signal);
  const page = events.slice(0, limit);
  const last = page.at(-1);
  const next_cursor = last && events.length > limit ? encodeCursor(positionOf(last)) : null;
  return { data: page.map(toEventJson), next_cursor };
}

/** Returns at most `limit` events before a position (undefined: from the newest), newest first. Throws StorageError. */
export async function readEventsBefore(
  warehouse: Pick<Warehouse, 'query'>,
  { conditions, params }: Filter,
  before: EventPosition | undefined,
  limit: number,
  signal: AbortSignal,
): Promise<ToldEvent[]> {
  const narrowed: Filter = { conditions: [...conditions], params: { ...params, limit } };
  if (before) {
    const [cursor_ms, cursor_id] = before;
    const condition =
      '(timestamp, event_id) < (fromUnixTimestamp64Milli({cursor_ms:Int64}), {cursor_id:String})';
    addCondition(narrowed, condition, { cursor_ms, cursor_id });
  }
  const rows = await warehouse.query<ToldRow>(
    `SELECT ${TOLD_COLUMNS} FROM events WHERE ${narrowed.conditions.join(' AND ')}
     ORDER BY timestamp DESC, event_id DESC LIMIT {limit:UInt32}`,
    narrowed.params,
    { signal },
  );
  return rows.map(toToldEvent);
}

/** Returns the place of an event in the order of a search. */
export function positionOf({ timestamp, event_id }: ToldEvent): EventPosition {
  return [timestamp, event_id];
}

const isPosition = (value: unknown): value is EventPosition =>
  Array.isArray(value) &&
  value.length === 2 &&
  Number.isSafeInteger(value[0]) &&
  typeof value[1] === 'string';
