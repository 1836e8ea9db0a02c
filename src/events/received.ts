import { isEventTime } from '../warehouse/event-columns.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { type Filter, withCondition } from './event-filter.ts';
import { TOLD_COLUMNS, type ToldEvent, type ToldRow, toToldEvent } from './event-json.ts';
import { readPage } from './page.ts';

/**
 * A place in the order in which events were received: behind a whole block, or behind one event in it. Events of one
 * block are ordered by time (epoch milliseconds) and id.
 */
export type Place = [block: number] | [block: number, timestamp: number, eventId: string];

/** An event with the block that brought it. */
export type Received = { block: number; event: ToldEvent };

/** Whether a value read from a caller's cursor is a place. */
export function isPlace(value: unknown): value is Place {
  if (!Array.isArray(value) || !Number.isSafeInteger(value[0]) || value[0] < 0) return false;
  return value.length === 1 || (value.length === 3 && isEventTime(value[1]) && typeof value[2] === 'string');
}

/** Returns the place behind an event. */
export function placeOf({ block, event }: Received): Place {
  return [block, event.timestamp, event.event_id];
}

const EVENTS_A_PAGE = 5_000;

/** Yields the events after a place, up to block `upTo`, in receive order, a page at a time. Throws StorageError. */
export async function* readReceived(
  warehouse: Pick<Warehouse, 'query'>,
  filter: Filter,
  after: Place,
  upTo: number,
  signal: AbortSignal,
): AsyncGenerator<Received[]> {
  for (let place = after; hasMore(place, upTo); ) {
    const { rows, fill } = await readPage<ToldRow & { block: string }>(
      warehouse,
      {
        columns: `block, ${TOLD_COLUMNS}`,
        filter: between(filter, place, upTo),
        order: 'block, timestamp_ms, event_id',
        limit: EVENTS_A_PAGE,
      },
      signal,
    );
    const page = rows.map(({ block, ...row }) => ({ block: Number(block), event: toToldEvent(row) }));
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    if (fill < 1) return;
    place = placeOf(last);
  }
}

/** Returns how many events lie after a place, up to block `upTo`, and the bytes of their properties. Throws StorageError. */
export async function countReceived(
  warehouse: Pick<Warehouse, 'query'>,
  filter: Filter,
  after: Place,
  upTo: number,
  signal: AbortSignal,
): Promise<{ events: number; bytes: number }> {
  if (!hasMore(after, upTo)) return { events: 0, bytes: 0 };
  const { conditions, params } = between(filter, after, upTo);
  const [row] = await warehouse.query<{ events: string; bytes: string }>(
    `SELECT count() AS events, sum(length(properties)) AS bytes FROM events WHERE ${conditions.join(' AND ')}`,
    params,
    { signal },
  );
  return { events: Number(row?.events ?? 0), bytes: Number(row?.bytes ?? 0) };
}

const hasMore = (place: Place, upTo: number) => place[0] < upTo || place.length > 1;

function between(filter: Filter, [block, timestamp, eventId]: Place, upTo: number): Filter {
  const isWithin = timestamp !== undefined;
  const blocks = `block ${isWithin ? '>=' : '>'} {block:UInt64} AND block <= {up_to:UInt64}`;
  const narrowed = withCondition(filter, blocks, { block, up_to: upTo });
  if (!isWithin) return narrowed;
  const condition = `(block > {block:UInt64}
    OR (timestamp, event_id) > (fromUnixTimestamp64Milli({place_ms:Int64}), {place_id:String}))`;
  return withCondition(narrowed, condition, { place_ms: timestamp, place_id: eventId });
}
