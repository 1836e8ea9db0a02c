import { HOUR_MS } from '../lib/durations.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { type Filter, withCondition } from './event-filter.ts';
import { TOLD_COLUMNS, type ToldEvent, type ToldRow, toToldEvent } from './event-json.ts';
import { type Page, readPage } from './page.ts';

/** The place of an event in the order of a search: its time in epoch milliseconds, and its id. */
export type EventPosition = [timestamp: number, eventId: string];

/** Where to begin (undefined: at the newest), how many events a page has at most, and what time it is. */
export type NewestFirst = { before: EventPosition | undefined; limit: number; nowMs: number };

/** Where a busy project has some pages, and no silence is worth a question of its own. */
const FIRST_SLICE_MS = HOUR_MS;
/** Until the first page shows how large events are: the engine holds a whole LIMIT of them before their bytes are counted. */
const FIRST_PAGE_EVENTS = 250;
/** Past a silence slices widen so fast that the last event of a project is found in a handful of them. */
const GROWTH_MAX = 64;

/**
 * Yields a filter's events, newest first, those of one time by id, a page at a time. Throws StorageError.
 *
 * The table lies in the order of project, app and time: over several apps the newest events are nowhere together, and a
 * LIMIT alone would sort everything older for each page. So each page asks for a slice of time only, as wide as one page
 * is expected to fill, and what was read before is never read again.
 */
export async function* readNewestFirst(
  warehouse: Pick<Warehouse, 'query'>,
  filter: Filter,
  { before, limit, nowMs }: NewestFirst,
  signal: AbortSignal,
): AsyncGenerator<ToldEvent[]> {
  const { from, to } = filter.times;
  let end = before ?? (to === undefined ? undefined : startOf(to));
  let pageEvents = Math.min(limit, FIRST_PAGE_EVENTS);
  for (let sliceMs = FIRST_SLICE_MS; ; ) {
    // Without an end the slice is open: clients' clocks may be ahead.
    const endMs = end?.[0] ?? nowMs;
    const startMs = Math.max(from, endMs - sliceMs);
    const { rows, fill } = await readSlice(warehouse, filter, { startMs, end, limit: pageEvents }, signal);
    const events = rows.map(toToldEvent);
    if (events.length > 0) {
      pageEvents = limit;
      yield events;
    }
    const last = events.at(-1);
    if (fill < 1 && startMs <= from) return;
    end = fill >= 1 && last ? positionOf(last) : startOf(startMs);
    sliceMs = widthOf(Math.max(1, endMs - end[0]), fill);
  }
}

/** Returns how wide a slice is expected to fill a page, after one of `readMs` filled this share of it. */
function widthOf(readMs: number, fill: number): number {
  const widest = readMs * GROWTH_MAX;
  return fill === 0 ? Math.max(FIRST_SLICE_MS, widest) : Math.ceil(Math.min(readMs / fill, widest));
}

/** Returns the place of an event in the order of a search. */
export function positionOf({ timestamp, event_id }: ToldEvent): EventPosition {
  return [timestamp, event_id];
}

/** Before every event of this time: no id is empty. */
const startOf = (timeMs: number): EventPosition => [timeMs, ''];

type Slice = { startMs: number; end: EventPosition | undefined; limit: number };

function readSlice(
  warehouse: Pick<Warehouse, 'query'>,
  filter: Filter,
  { startMs, end, limit }: Slice,
  signal: AbortSignal,
): Promise<Page<ToldRow>> {
  const begun = withCondition(filter, `timestamp >= ${timeOf('start_ms')}`, { start_ms: startMs });
  const sliced = end === undefined ? begun : beforePosition(begun, end);
  const order = 'timestamp_ms DESC, event_id DESC';
  return readPage<ToldRow>(warehouse, { columns: TOLD_COLUMNS, filter: sliced, order, limit }, signal);
}

/** The time alone first: by a comparison of pairs the engine leaves no part of the table out. */
function beforePosition(filter: Filter, [end_ms, end_id]: EventPosition): Filter {
  const condition = `timestamp <= ${timeOf('end_ms')} AND (timestamp < ${timeOf('end_ms')} OR event_id < {end_id:String})`;
  return withCondition(filter, condition, { end_ms, end_id });
}

const timeOf = (name: string) => `fromUnixTimestamp64Milli({${name}:Int64})`;
