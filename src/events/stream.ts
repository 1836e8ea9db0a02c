import type { Static } from 'typebox';
import type { Caller } from '../api/caller.ts';
import { validationFailed } from '../api/errors.ts';
import { readPosition } from '../api/list.ts';
import { listAllowedApps } from '../api/resources.ts';
import { type Streamed, streamAs } from '../api/streamed.ts';
import type { App } from '../directory/app.ts';
import type { Directory } from '../directory/directory.ts';
import { closedObject } from '../lib/schema.ts';
import type { EventRow } from '../warehouse/event-row.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { buildFilter, PLAIN_FILTERS } from './event-filter.ts';
import { openTail } from './live-tail.ts';
import { isPlace, type Place } from './received.ts';

export const STREAM_QUERY = closedObject(PLAIN_FILTERS);

type StreamQuery = Static<typeof STREAM_QUERY>;

/** Returns the stream of the caller's events from now on, or after the message that the caller saw last. Throws 422. */
export function streamEvents(
  { warehouse, directory }: { warehouse: Warehouse; directory: Directory },
  caller: Caller,
  app: App | undefined,
  { query, lastEventId }: { query: StreamQuery; lastEventId: string | undefined },
  signal: AbortSignal,
): Streamed {
  const after = parsePlace(lastEventId);
  const appIds = query.app_id !== undefined && app ? [app.id] : caller.principal.appIds;
  const findFilter = () => {
    // Anew each time: with a key that reaches all apps, those count too that were made meanwhile.
    const stored = appIds ?? listAllowedApps(directory, caller).map(({ id }) => id);
    return buildFilter(caller.project.id, stored, query);
  };
  const passes = (row: EventRow) => fits(row, appIds, query);
  const choice = { projectId: caller.project.id, findFilter, passes };
  return streamAs({ ...openTail(warehouse, choice, after, signal), appIds });
}

/** The same choice in memory that `buildFilter` makes in the store. */
function fits(row: EventRow, appIds: readonly string[] | null, query: StreamQuery): boolean {
  if (appIds && !appIds.includes(row.app_id)) return false;
  if (query.app_user_id !== undefined && row.app_user_id !== query.app_user_id) return false;
  return query.event_name?.includes(row.event_name) ?? true;
}

function parsePlace(lastEventId: string | undefined): Place | undefined {
  // Empty is what a browser's EventSource stands for before its first message.
  if (!lastEventId) return undefined;
  const place = readPosition(lastEventId, isPlace);
  if (place) return place;
  throw validationFailed([
    {
      field: 'Last-Event-ID',
      code: 'invalid_cursor',
      message: 'Last-Event-ID must be the id of a message of this stream; leave it out to begin now.',
    },
  ]);
}
