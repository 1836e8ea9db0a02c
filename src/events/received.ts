import { isEventTime } from '../warehouse/event-columns.ts';
import { timeSql } from '../warehouse/event-sql.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { type Filter, withCondition } from './event-filter.ts';
import { PUBLIC_EVENT_COLUMNS, type PublicEvent, type PublicEventRow, toPublicEvent } from './event-json.ts';
import { type EventTie, isTie, TIE_COLUMNS, tieParams, tieSql, toTie } from './event-order.ts';
import { readPage } from './page.ts';

/**
 * A position in receive order: after a whole block, or after one event in it. Events of one block are ordered by time
 * (epoch milliseconds) and EventTie.
 */
export type StreamPosition = [block: number] | [block: number, timestamp: number, ...EventTie];

/** An event and the block that contains it. */
export type ReceivedEvent = { block: number; event: PublicEvent };

/** Whether a value decoded from a client's cursor is a stream position. */
export function isStreamPosition(value: unknown): value is StreamPosition {
  if (!Array.isArray(value) || !Number.isSafeInteger(value[0]) || value[0] < 0) return false;
  return value.length === 1 || (isEventTime(value[1]) && isTie(value.slice(2)));
}

/** Returns the position after an event. */
export function toStreamPosition({ block, event }: ReceivedEvent): StreamPosition {
  return [block, event.timestamp, ...toTie(event)];
}

const EVENTS_PER_PAGE = 5_000;

/** Yields the events after a position, up to block `upTo`, in receive order, page by page. Throws StorageError. */
export async function* readReceived(
  warehouse: Pick<Warehouse, 'query'>,
  filter: Filter,
  after: StreamPosition,
  upTo: number,
  signal: AbortSignal,
): AsyncGenerator<ReceivedEvent[]> {
  for (let position = after; hasMore(position, upTo); ) {
    const { rows, fill } = await readPage<PublicEventRow & { block: string }>(
      warehouse,
      {
        columns: `block, ${PUBLIC_EVENT_COLUMNS}`,
        filter: betweenPositions(filter, position, upTo),
        order: ['block', 'timestamp_ms', ...TIE_COLUMNS].join(', '),
        limit: EVENTS_PER_PAGE,
      },
      signal,
    );
    const page = rows.map(({ block, ...row }) => ({ block: Number(block), event: toPublicEvent(row) }));
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    if (fill < 1) return;
    position = toStreamPosition(last);
  }
}

/** Returns how many events follow a position, up to block `upTo`, and the bytes of their properties. Throws StorageError. */
export async function countReceived(
  warehouse: Pick<Warehouse, 'query'>,
  filter: Filter,
  after: StreamPosition,
  upTo: number,
  signal: AbortSignal,
): Promise<{ events: number; bytes: number }> {
  if (!hasMore(after, upTo)) return { events: 0, bytes: 0 };
  const { conditions, params } = betweenPositions(filter, after, upTo);
  const [row] = await warehouse.query<{ events: string; bytes: string }>(
    `SELECT count() AS events, sum(length(properties)) AS bytes FROM events WHERE ${conditions.join(' AND ')}`,
    params,
    { signal },
  );
  return { events: Number(row?.events ?? 0), bytes: Number(row?.bytes ?? 0) };
}

const hasMore = (position: StreamPosition, upTo: number) => position[0] < upTo || position.length > 1;

function betweenPositions(filter: Filter, position: StreamPosition, upTo: number): Filter {
  const [block, timestamp, ...tie] = position;
  const isInsideBlock = timestamp !== undefined;
  const blocks = `block ${isInsideBlock ? '>=' : '>'} {block:UInt64} AND block <= {up_to:UInt64}`;
  const narrowed = withCondition(filter, blocks, { block, up_to: upTo });
  if (!isInsideBlock) return narrowed;
  const place = timeSql('place_ms');
  const condition = `(block > {block:UInt64} OR timestamp > ${place} OR (timestamp = ${place} AND ${tieSql('>')}))`;
  return withCondition(narrowed, condition, { place_ms: timestamp, ...tieParams(tie as EventTie) });
}
