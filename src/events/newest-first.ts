import { DAY_MS, HOUR_MS } from '../lib/durations.ts';
import { timeSql } from '../warehouse/event-sql.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { type Filter, withCondition } from './event-filter.ts';
import { PUBLIC_EVENT_COLUMNS, type PublicEvent, type PublicEventRow, toPublicEvent } from './event-json.ts';
import { type EventTie, TIE_COLUMNS, tieParams, tieSql, toTie } from './event-order.ts';
import { type Page, readPage } from './page.ts';

/** The position of an event in search order: its time in epoch milliseconds, and its place among those of that time. */
export type SearchPosition = [timestamp: number, ...EventTie];

/**
 * Where to start (undefined: at the newest event), the most events per page, and the current time. `isRare`: few of the events
 * match, such as those of one person.
 */
export type SearchWindow = {
  before: SearchPosition | undefined;
  limit: number;
  nowMs: number;
  isRare?: boolean;
};

/** Wide enough that an idle hour costs no query of its own; a busy project fills several pages with it. */
const FIRST_SLICE_MS = HOUR_MS;
/** Each slice costs some milliseconds whatever it contains, and an hour of one person's events is nearly always empty. */
const FIRST_RARE_SLICE_MS = 2 * DAY_MS;
/** Until the first page shows how large events are: the engine loads a whole LIMIT of them before it counts their bytes. */
const FIRST_PAGE_EVENTS = 250;
/** Slices grow so fast across idle periods that a few of them find the last event of a project. */
const GROWTH_MAX = 64;

/**
 * Yields the events that match a filter, newest first and then by id, app and kind of key, page by page. Throws StorageError.
 *
 * The table is sorted by project, app and time: with several apps the newest events are not stored together, and a
 * LIMIT alone would sort everything older for each page. So each page reads one slice of time only, as wide as a page
 * is expected to fill, and never reads the same slice twice. Events of some users in one app are read in the order of the table, newest
 * first, until a page is full.
 */
export async function* readNewestFirst(
  warehouse: Pick<Warehouse, 'query'>,
  filter: Filter,
  { before, limit, nowMs, isRare }: SearchWindow,
  signal: AbortSignal,
): AsyncGenerator<PublicEvent[]> {
  const { from, to } = filter.times;
  let end = before ?? (to === undefined ? undefined : positionBefore(to));
  let pageEvents = Math.min(limit, FIRST_PAGE_EVENTS);
  for (let sliceMs = firstSliceMs(isRare); ; ) {
    // Without an end the slice is open: clients' clocks may be ahead.
    const endMs = end?.[0] ?? nowMs;
    const startMs = startOf(filter, endMs - sliceMs);
    const { rows, fill } = await readSlice(warehouse, filter, { startMs, end, limit: pageEvents }, signal);
    const events = rows.map(toPublicEvent);
    if (events.length > 0) {
      pageEvents = limit;
      yield events;
    }
    const last = events.at(-1);
    if (fill < 1 && startMs <= from) return;
    end = fill >= 1 && last ? toSearchPosition(last) : positionBefore(startMs);
    sliceMs = nextSliceMs(Math.max(1, endMs - end[0]), fill);
  }
}

/** The engine finds the newest events of users in one app by itself, and stops there. */
const startOf = ({ times, ofUsers }: Filter, sliceStartMs: number): number =>
  ofUsers?.isOneApp ? times.from : Math.max(times.from, sliceStartMs);

const firstSliceMs = (isRare = false): number => (isRare ? FIRST_RARE_SLICE_MS : FIRST_SLICE_MS);

/** Returns how wide a slice should be to fill one page, after a slice of `readMs` filled this share of a page. */
function nextSliceMs(readMs: number, fill: number): number {
  const widest = readMs * GROWTH_MAX;
  return fill === 0 ? Math.max(FIRST_SLICE_MS, widest) : Math.ceil(Math.min(readMs / fill, widest));
}

/** Returns the position of an event in search order. */
export function toSearchPosition(event: PublicEvent): SearchPosition {
  return [event.timestamp, ...toTie(event)];
}

/** Older than every event of this time, because no id is empty. */
const positionBefore = (timeMs: number): SearchPosition => [timeMs, '', '', 0];

type Slice = { startMs: number; end: SearchPosition | undefined; limit: number };

function readSlice(
  warehouse: Pick<Warehouse, 'query'>,
  filter: Filter,
  { startMs, end, limit }: Slice,
  signal: AbortSignal,
): Promise<Page<PublicEventRow>> {
  const fromStart = withCondition(filter, `timestamp >= ${timeSql('start_ms')}`, { start_ms: startMs });
  const inSlice = end === undefined ? fromStart : beforePosition(fromStart, end);
  const order = ['timestamp_ms', ...TIE_COLUMNS].map((column) => `${column} DESC`).join(', ');
  return readPage<PublicEventRow>(
    warehouse,
    { columns: PUBLIC_EVENT_COLUMNS, filter: inSlice, order, limit },
    signal,
  );
}

/** Compares the time alone first: a comparison of pairs does not let the engine skip any part of the table. */
function beforePosition(filter: Filter, [end_ms, ...tie]: SearchPosition): Filter {
  const end = timeSql('end_ms');
  const condition = `timestamp <= ${end} AND (timestamp < ${end} OR ${tieSql('<')})`;
  return withCondition(filter, condition, { end_ms, ...tieParams(tie) });
}
