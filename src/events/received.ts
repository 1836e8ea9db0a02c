import type { Warehouse } from '../warehouse/open.ts';
import { addCondition, type Filter } from './event-filter.ts';
import { TOLD_COLUMNS, type ToldEvent, type ToldRow, toToldEvent } from './event-json.ts';

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
  return value.length === 1 || (value.length === 3 && isTime(value[1]) && typeof value[2] === 'string');
}

const isTime = (value: unknown) => Number.isSafeInteger(value) && Math.abs(Number(value)) < TIME_MS_MAX;

/** Beyond it the engine's times overflow. */
const TIME_MS_MAX = Date.UTC(2299, 11, 31);

/** Returns the place behind an event. */
export function placeOf({ block, event }: Received): Place {
  return [block, event.timestamp, event.event_id];
}

/** Returns at most `limit` events after a place, up to block `upTo`, in receive order. Throws StorageError. */
export async function readEventsSince(
  warehouse: Pick<Warehouse, 'query'>,
  { conditions, params }: Filter,
  [block, timestamp, eventId]: Place,
  { upTo, limit }: { upTo: number; limit: number },
  signal: AbortSignal,
): Promise<Received[]> {
  const narrowed: Filter = { conditions: [...conditions], params: { ...params, block, up_to: upTo, limit } };
  const isWithin = timestamp !== undefined;
  addCondition(narrowed, `block ${isWithin ? '>=' : '>'} {block:UInt64} AND block <= {up_to:UInt64}`, {});
  if (isWithin) {
    const condition = `(block > {block:UInt64}
      OR (timestamp, event_id) > (fromUnixTimestamp64Milli({place_ms:Int64}), {place_id:String}))`;
    addCondition(narrowed, condition, { place_ms: timestamp, place_id: eventId });
  }
  const rows = await warehouse.query<ToldRow & { block: string }>(
    `SELECT block, ${TOLD_COLUMNS} FROM events WHERE ${narrowed.conditions.join(' AND ')}
     ORDER BY events.block, events.timestamp, events.event_id LIMIT {limit:UInt32}`,
    narrowed.params,
    { signal },
  );
  return rows.map(({ block: number, ...row }) => ({ block: Number(number), event: toToldEvent(row) }));
}
