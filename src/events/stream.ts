import type { Static } from 'typebox';
import type { Caller } from '../api/caller.ts';
import { validationFailed } from '../api/errors.ts';
import { readPosition } from '../api/list.ts';
import { listAllowedApps } from '../api/resources.ts';
import { type Streamed, streamAs } from '../api/streamed.ts';
import type { App } from '../directory/app.ts';
import type { Directory } from '../directory/directory.ts';
import type { Tombstones } from '../erasure/tombstones.ts';
import { closedObject } from '../lib/schema.ts';
import type { EventRow } from '../warehouse/event-row.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { findPerson, personCondition } from '../warehouse/persons/find-person.ts';
import { buildFilter, PLAIN_FILTERS, withCondition } from './event-filter.ts';
import { openTail } from './live-tail.ts';
import { isStreamPosition, type StreamPosition } from './received.ts';

/** Query parameters of the event stream. */
export const STREAM_QUERY = closedObject(PLAIN_FILTERS);

type StreamQuery = Static<typeof STREAM_QUERY>;

/** The services that the event stream needs. */
export type StreamServices = { warehouse: Warehouse; directory: Directory; tombstones: Tombstones };

/** Returns the stream of the caller's events from now on, or after the message `Last-Event-ID` names. Throws 422. */
export async function streamEvents(
  { warehouse, directory, tombstones }: StreamServices,
  caller: Caller,
  app: App | undefined,
  { query, lastEventId }: { query: StreamQuery; lastEventId: string | undefined },
  signal: AbortSignal,
): Promise<Streamed> {
  const after = parseLastEventId(lastEventId);
  const named = query.app_id !== undefined && app ? [app.id] : undefined;
  const appIds = named ?? caller.principal.appIds;
  const listReadable = () => named ?? listAllowedApps(directory, caller).map(({ id }) => id);
  const person = await findStreamedPerson(warehouse, caller, listReadable(), query.person, signal);
  const storeFilter = () => {
    // Listed for each read: apps may be created or deleted while the stream is open.
    const filter = buildFilter(caller.project.id, listReadable(), query);
    return person ? withCondition(filter, person.condition.sql, person.condition.params) : filter;
  };
  const matches = (row: EventRow) =>
    matchesFilters(row, appIds, query) &&
    (person?.has(row) ?? true) &&
    directory.findApp(row.app_id)?.deletedAt === null;
  const isErased = (row: EventRow) => tombstones.isErased(row.app_id, row.app_user_id, row.timestamp);
  const filter = { projectId: caller.project.id, storeFilter, matches, isErased };
  return streamAs({ ...openTail(warehouse, filter, after, signal), appIds });
}

/** Returns how to recognize events of a person, by the IDs that are linked now; undefined without a person. */
async function findStreamedPerson(
  warehouse: Warehouse,
  { project }: Caller,
  appIds: readonly string[],
  id: string | undefined,
  signal: AbortSignal,
) {
  if (id === undefined) return undefined;
  const apps = { projectId: project.id, appIds, hasLinks: warehouse.hasLinks(project.id) };
  const person = await findPerson(warehouse, apps, id, signal);
  // IDs of apps contain no space.
  const ids = new Set(person.ids.map((one) => `${one.app_id} ${one.id}`));
  return {
    condition: personCondition(apps, person),
    has: ({ app_id, app_user_id }: EventRow) => ids.has(`${app_id} ${app_user_id}`),
  };
}

/** Filters rows in memory exactly as `buildFilter` filters them in the store. */
function matchesFilters(row: EventRow, appIds: readonly string[] | null, query: StreamQuery): boolean {
  if (appIds && !appIds.includes(row.app_id)) return false;
  if (query.app_user_id !== undefined && row.app_user_id !== query.app_user_id) return false;
  return query.event_name?.includes(row.event_name) ?? true;
}

function parseLastEventId(lastEventId: string | undefined): StreamPosition | undefined {
  // A browser's EventSource has an empty last id before its first message.
  if (!lastEventId) return undefined;
  const position = readPosition(lastEventId, isStreamPosition);
  if (position) return position;
  throw validationFailed([
    {
      field: 'Last-Event-ID',
      code: 'invalid_cursor',
      message: 'Last-Event-ID must be the ID of a message of this stream. Omit it to start now.',
    },
  ]);
}
