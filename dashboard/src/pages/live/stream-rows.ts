import type { EventRecord } from '../../api/answers.ts';

/** A row of the stream: an event, or a gap where events are missing. */
export type StreamRow =
  | { kind: 'event'; id: string; event: EventRecord }
  /** `missed` is undefined if the count is unknown. */
  | { kind: 'gap'; id: string; missed: number | undefined };

export type StreamRows = {
  shown: readonly StreamRow[];
  /** Rows that arrived while paused, newest first; at most `ROWS_MAX`. */
  buffered: readonly StreamRow[];
  /** How many events arrived while paused, including those beyond the buffer. */
  bufferedCount: number;
  isPaused: boolean;
  gapCount: number;
};

export type StreamAction =
  /** Events in receive order. */
  | { type: 'arrived'; events: readonly EventRecord[] }
  | { type: 'missed'; count: number | undefined }
  | { type: 'paused' }
  | { type: 'resumed' };

/** More rows than anyone reads, few enough for any phone. */
export const ROWS_MAX = 200;

/** The initial list. */
export const NO_ROWS: StreamRows = {
  shown: [],
  buffered: [],
  bufferedCount: 0,
  isPaused: false,
  gapCount: 0,
};

type EventIdentity = Pick<EventRecord, 'event_id' | 'app_id' | 'received_at'>;

/** Returns the row ID of an event. Apps, and client and server keys of one app, may use the same event ID. */
export function toRowId({ event_id, app_id, received_at }: EventIdentity): string {
  return `event ${app_id} ${event_id} ${received_at}`;
}

/** Returns the events that are shown, newest first. */
export function listShownEvents({ shown }: StreamRows): EventRecord[] {
  return shown.flatMap((row) => (row.kind === 'event' ? [row.event] : []));
}

/** Returns the list after an action. Events that the server repeats after a reconnect are shown once. */
export function reduceRows(rows: StreamRows, action: StreamAction): StreamRows {
  if (action.type === 'paused') return { ...rows, isPaused: true };
  if (action.type === 'resumed') {
    const shown = [...rows.buffered, ...rows.shown].slice(0, ROWS_MAX);
    return { ...rows, shown, buffered: [], bufferedCount: 0, isPaused: false };
  }
  if (action.type === 'missed') {
    const row: StreamRow = { kind: 'gap', id: `gap ${rows.gapCount}`, missed: action.count };
    return { ...addRows(rows, [row]), gapCount: rows.gapCount + 1 };
  }
  const known = new Set([...rows.buffered, ...rows.shown].map(({ id }) => id));
  const added: StreamRow[] = [];
  for (const event of action.events) {
    const id = toRowId(event);
    if (!known.has(id)) added.unshift({ kind: 'event', id, event });
    known.add(id);
  }
  const next = addRows(rows, added);
  return rows.isPaused ? { ...next, bufferedCount: rows.bufferedCount + added.length } : next;
}

function addRows(rows: StreamRows, fresh: readonly StreamRow[]): StreamRows {
  if (rows.isPaused) return { ...rows, buffered: [...fresh, ...rows.buffered].slice(0, ROWS_MAX) };
  return { ...rows, shown: [...fresh, ...rows.shown].slice(0, ROWS_MAX) };
}
