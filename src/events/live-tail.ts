import type { ErrorCode } from '../api/error-codes.ts';
import { encodeCursor } from '../api/list.ts';
import type { EventRow } from '../warehouse/event-row.ts';
import type { Warehouse } from '../warehouse/open.ts';
import type { Filter } from './event-filter.ts';
import { toEventJson } from './event-json.ts';
import { HEARTBEAT, renderClosed, renderMessage, renderOpening } from './event-stream.ts';
import { type LiveBuffer, openLiveBuffer, type Schedule } from './live-buffer.ts';
import {
  countReceived,
  type ReceivedEvent,
  readReceived,
  type StreamPosition,
  toStreamPosition,
} from './received.ts';

/** Which events a live tail sends: the same filter twice, for reading the store and for new rows in memory. */
export type TailFilter = {
  projectId: string;
  storeFilter: () => Filter;
  matches: (row: EventRow) => boolean;
  /** Whether the event is one of a person who was erased. */
  isErased?: (row: EventRow) => boolean;
};

/** A live tail: the text of its messages. `end` stops it after a final `closed` message. */
export type Tail = { chunks: AsyncIterable<string>; end: (code: ErrorCode) => void };

/** After this long without an event, a comment shows that the connection is alive. */
export const HEARTBEAT_MS = 15_000;
/** How long a client waits before it reconnects. */
const RETRY_MS = 1_000;
/**
 * A larger gap means the reader was away for a long time. The store is not sorted in receive order, so each page of a
 * resume scans the whole project; this limits how many pages there are.
 */
export const RESUME_EVENTS_MAX = 50_000;
/** The same limit for the bytes of the properties. */
export const RESUME_BYTES_MAX = 50_000_000;
/** Rendered in one go; between two chunks other requests get their turn. */
const EVENTS_PER_CHUNK = 200;

/**
 * Returns the events stored after a position (undefined: from now on) in receive order, without end. Events stored
 * before the start come from the store, later ones from the writer. A reader that was away too long gets the number of
 * events it missed, and the tail continues; one that reads too slowly gets that number too, and the tail ends. Reads
 * nothing before the first chunk is requested. `signal` fires when the client disconnects.
 */
export function openTail(
  warehouse: Pick<Warehouse, 'query' | 'feed'>,
  filter: TailFilter,
  after: StreamPosition | undefined,
  signal: AbortSignal,
  schedule?: Schedule,
): Tail {
  const stopping = new AbortController();
  let code: ErrorCode | undefined;
  const stop = () => stopping.abort();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();

  async function* chunks(): AsyncGenerator<string> {
    try {
      yield* follow(warehouse, filter, after, stopping.signal, schedule);
    } catch (error) {
      // A query that was aborted because the tail is stopping is no error.
      if (!stopping.signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
    if (code !== undefined) yield renderClosed(code);
  }

  return {
    chunks: chunks(),
    end(reason) {
      code ??= reason;
      stop();
    },
  };
}

async function* follow(
  warehouse: Pick<Warehouse, 'query' | 'feed'>,
  { projectId, storeFilter, matches, isErased }: TailFilter,
  after: StreamPosition | undefined,
  stopped: AbortSignal,
  schedule: Schedule | undefined,
): AsyncGenerator<string> {
  const { feed } = warehouse;
  let position: StreamPosition = after ?? [feed.reached(projectId)];
  yield renderOpening(RETRY_MS, encodeCursor(position));
  while (!stopped.aborted) {
    // Open the buffer before reading the store, so that every event is in one of the two.
    const buffer = openLiveBuffer(feed, projectId, matches, schedule, isErased);
    try {
      const upTo = feed.reached(projectId);
      yield* replayStored(warehouse, storeFilter(), position, upTo, stopped);
      position = [upTo];
      const outcome = yield* followBuffer(buffer, position, stopped);
      if (outcome.kind === 'overflow') return yield renderGap(outcome.missed, [feed.reached(projectId)]);
      position = outcome.position;
    } finally {
      buffer.close();
    }
  }
}

/** Yields the stored events after a position, up to block `upTo`; only a gap message when there are too many. */
async function* replayStored(
  warehouse: Pick<Warehouse, 'query'>,
  filter: Filter,
  after: StreamPosition,
  upTo: number,
  stopped: AbortSignal,
): AsyncGenerator<string> {
  const { events, bytes } = await countReceived(warehouse, filter, after, upTo, stopped);
  if (events > RESUME_EVENTS_MAX || bytes > RESUME_BYTES_MAX) return yield renderGap(events, [upTo]);
  if (events === 0) return;
  for await (const page of readReceived(warehouse, filter, after, upTo, stopped)) {
    for (let at = 0; at < page.length && !stopped.aborted; at += EVENTS_PER_CHUNK) {
      yield renderEvents(page.slice(at, at + EVENTS_PER_CHUNK));
    }
  }
}

type Outcome = { kind: 'overflow'; missed: number } | { kind: 'resync'; position: StreamPosition };

/** Yields new events; returns when the store must be read from `position`, or the reader was too slow. */
async function* followBuffer(
  buffer: LiveBuffer,
  start: StreamPosition,
  stopped: AbortSignal,
): AsyncGenerator<string, Outcome> {
  let position = start;
  for (let isFirst = true; ; isFirst = false) {
    const taken = await buffer.take(HEARTBEAT_MS, stopped);
    if (stopped.aborted || taken.kind === 'resync') return { kind: 'resync', position };
    if (taken.kind === 'overflow') {
      // Events that arrived while the store was read are in the store: nothing is lost yet.
      return isFirst ? { kind: 'resync', position } : taken;
    }
    if (taken.kind === 'idle') {
      yield HEARTBEAT;
      continue;
    }
    const events = taken.events.map(({ block, row }) => ({ block, event: row }));
    yield renderEvents(events);
    position = lastPositionOf(events) ?? position;
  }
}

const lastPositionOf = (events: readonly ReceivedEvent[]) => {
  const last = events.at(-1);
  return last && toStreamPosition(last);
};

const renderEvents = (events: readonly ReceivedEvent[]) =>
  events
    .map((received) => {
      const id = encodeCursor(toStreamPosition(received));
      return renderMessage({ event: 'event', id, data: toEventJson(received.event) });
    })
    .join('');

const renderGap = (missed: number, position: StreamPosition) =>
  renderMessage({ event: 'gap', id: encodeCursor(position), data: { missed } });
