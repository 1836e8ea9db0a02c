import type { EventRecord } from '../../api/answers.ts';

/** What the list of the stream shows, the newest first: events, and where some are missing. */
export type StreamRow =
  | { kind: 'event'; id: string; event: EventRecord }
  /** `missed` is undefined when nobody knows how many. */
  | { kind: 'gap'; id: string; missed: number | undefined };

export type StreamRows = {
  shown: readonly StreamRow[];
  /** What came while paused, the newest first; at most as many as are shown. */
  held: readonly StreamRow[];
  /** How many events came while paused, beyond those held too. */
  heldCount: number;
  isPaused: boolean;
  gapCount: number;
};

export type StreamAction =
  /** Events in receive order. */
  | { type: 'arrived'; events: readonly EventRecord[] }
  | { type: 'missed'; count: number | undefined }
  | { type: 'paused' }
  | { type: 'resumed' };

/** More rows than anybody reads, few enough for any phone. */
export const ROWS_MAX = 200;

/** The list before anything came. */
export const NO_ROWS: StreamRows = { shown: [], held: [], heldCount: 0, isPaused: false, gapCount: 0 };

/** Returns what tells an event from all others: ids are unique within a project. */
export function rowIdOf({ event_id }: Pick<EventRecord, 'event_id'>): string {
  return `event ${event_id}`;
}

/** Returns the events that are shown, the newest first. */
export function eventsIn({ shown }: StreamRows): EventRecord[] {
  return shown.flatMap((row) => (row.kind === 'event' ? [row.event] : []));
}

/** Returns the list after something happened. What the server repeats after a reconnection is shown once. */
export function reduceRows(rows: StreamRows, action: StreamAction): StreamRows {
  if (action.type === 'paused') return { ...rows, isPaused: true };
  if (action.type === 'resumed') {
    const shown = [...rows.held, ...rows.shown].slice(0, ROWS_MAX);
    return { ...rows, shown, held: [], heldCount: 0, isPaused: false };
  }
  if (action.type === 'missed') {
    const row: StreamRow = { kind: 'gap', id: `gap ${rows.gapCount}`, missed: action.count };
    return { ...addRows(rows, [row]), gapCount: rows.gapCount + 1 };
  }
  const known = new Set([...rows.held, ...rows.shown].map(({ id }) => id));
  const fresh: StreamRow[] = [];
  for (const event of action.events) {
    const id = rowIdOf(event);
    if (!known.has(id)) fresh.unshift({ kind: 'event', id, event });
    known.add(id);
  }
  const added = addRows(rows, fresh);
  return rows.isPaused ? { ...added, heldCount: rows.heldCount + fresh.length } : added;
}

function addRows(rows: StreamRows, fresh: readonly StreamRow[]): StreamRows {
  if (rows.isPaused) return { ...rows, held: [...fresh, ...rows.held].slice(0, ROWS_MAX) };
  return { ...rows, shown: [...fresh, ...rows.shown].slice(0, ROWS_MAX) };
}
