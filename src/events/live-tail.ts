import type { ErrorCode } from '../api/errors.ts';
import { encodeCursor } from '../api/list.ts';
import type { EventRow } from '../warehouse/event-row.ts';
import type { Warehouse } from '../warehouse/open.ts';
import type { Filter } from './event-filter.ts';
import { toEventJson } from './event-json.ts';
import { HEARTBEAT, renderClosed, renderMessage, renderOpening } from './event-stream.ts';
import { type LiveBuffer, openLiveBuffer, type Schedule } from './live-buffer.ts';
import { countReceived, type Place, placeOf, type Received, readReceived } from './received.ts';

/** Which events a live tail tells: the same choice for the store and for what comes. */
export type TailChoice = { projectId: string; findFilter: () => Filter; passes: (row: EventRow) => boolean };

/** A live tail: the text of its messages, and what ends it with a last word. */
export type Tail = { chunks: AsyncIterable<string>; end: (code: ErrorCode) => void };

/** Without an event for so long, a comment shows that the connection lives. */
export const HEARTBEAT_MS = 15_000;
/** How soon a caller whose connection broke should come back. */
const RETRY_MS = 1_000;
/**
 * More than this lies between only when a reader was away for long. The store has no order of receiving: each page of a
 * way back looks through the whole project, and this bounds how many there are.
 */
export const RESUME_EVENTS_MAX = 50_000;
export const RESUME_BYTES_MAX = 50_000_000;
/** Rendered at once; between two of them others get their turn. */
const EVENTS_A_CHUNK = 200;

/**
 * Returns the events stored after a place (undefined: from now on) in receive order, for ever. What was stored before it
 * began comes from the store, what is stored meanwhile from the writer; a reader that was away too long is told how much
 * it missed, and goes on; one that reads too slowly is told so too, and the tail ends. Nothing is read before the first chunk is asked for. `signal` fires when the caller is gone.
 */
export function openTail(
  warehouse: Pick<Warehouse, 'query' | 'feed'>,
  choice: TailChoice,
  after: Place | undefined,
  signal: AbortSignal,
  schedule?: Schedule,
): Tail {
  const over = new AbortController();
  let code: ErrorCode | undefined;
  const leave = () => over.abort();
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();

  async function* chunks(): AsyncGenerator<string> {
    try {
      yield* follow(warehouse, choice, after, over.signal, schedule);
    } catch (error) {
      // A query that was given up because it is over.
      if (!over.signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', leave);
    }
    if (code !== undefined) yield renderClosed(code);
  }

  return {
    chunks: chunks(),
    end(why) {
      code ??= why;
      over.abort();
    },
  };
}

async function* follow(
  warehouse: Pick<Warehouse, 'query' | 'feed'>,
  { projectId, findFilter, passes }: TailChoice,
  after: Place | undefined,
  over: AbortSignal,
  schedule: Schedule | undefined,
): AsyncGenerator<string> {
  const { feed } = warehouse;
  let place: Place = after ?? [feed.reached(projectId)];
  yield renderOpening(RETRY_MS, encodeCursor(place));
  while (!over.aborted) {
    // In this order: from here on nothing is stored that is neither in the store now nor told to the buffer.
    const buffer = openLiveBuffer(feed, projectId, passes, schedule);
    try {
      const upTo = feed.reached(projectId);
      yield* tellStored(warehouse, findFilter(), place, upTo, over);
      place = [upTo];
      const outcome = yield* followBuffer(buffer, place, over);
      if (outcome.kind === 'overflow') return yield renderGap(outcome.missed, [feed.reached(projectId)]);
      place = outcome.place;
    } finally {
      buffer.close();
    }
  }
}

/** Tells what the store has after a place, up to block `upTo`; only how much, when that is too much to go through. */
async function* tellStored(
  warehouse: Pick<Warehouse, 'query'>,
  filter: Filter,
  after: Place,
  upTo: number,
  over: AbortSignal,
): AsyncGenerator<string> {
  const { events, bytes } = await countReceived(warehouse, filter, after, upTo, over);
  if (events > RESUME_EVENTS_MAX || bytes > RESUME_BYTES_MAX) return yield renderGap(events, [upTo]);
  if (events === 0) return;
  for await (const page of readReceived(warehouse, filter, after, upTo, over)) {
    for (let at = 0; at < page.length && !over.aborted; at += EVENTS_A_CHUNK) {
      yield renderEvents(page.slice(at, at + EVENTS_A_CHUNK));
    }
  }
}

type Outcome = { kind: 'overflow'; missed: number } | { kind: 'store'; place: Place };

/** Tells what comes; returns when the store must be asked again from `place` on, or the reader was too slow. */
async function* followBuffer(
  buffer: LiveBuffer,
  start: Place,
  over: AbortSignal,
): AsyncGenerator<string, Outcome> {
  let place = start;
  for (let isFirst = true; ; isFirst = false) {
    const taken = await buffer.take(HEARTBEAT_MS, over);
    if (over.aborted || taken.kind === 'unknown') return { kind: 'store', place };
    if (taken.kind === 'overflow') {
      // What came while the store was read is in the store: nobody has missed anything yet.
      return isFirst ? { kind: 'store', place } : taken;
    }
    if (taken.kind === 'silence') {
      yield HEARTBEAT;
      continue;
    }
    const events = taken.events.map(({ block, row }) => ({ block, event: row }));
    yield renderEvents(events);
    place = endOf(events) ?? place;
  }
}

const endOf = (events: readonly Received[]) => {
  const last = events.at(-1);
  return last && placeOf(last);
};

const renderEvents = (events: readonly Received[]) =>
  events
    .map((received) => {
      const id = encodeCursor(placeOf(received));
      return renderMessage({ event: 'event', id, data: toEventJson(received.event) });
    })
    .join('');

const renderGap = (missed: number, place: Place) =>
  renderMessage({ event: 'gap', id: encodeCursor(place), data: { missed } });
