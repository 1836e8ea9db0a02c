import type { EventRow } from '../warehouse/event-row.ts';
import type { Feed } from '../warehouse/feed.ts';
import { TIE_COLUMNS } from './event-order.ts';

/** A stored event and the block that contains it. */
export type BufferedEvent = { block: number; row: EventRow };

/** What `take` returns: some events, or why there are none. */
export type BufferRead =
  | { kind: 'events'; events: BufferedEvent[] }
  /** No event arrived within the wait. */
  | { kind: 'idle' }
  /** More events arrived than fit; `missed` were dropped. */
  | { kind: 'overflow'; missed: number }
  /** The next events are known to the store only. */
  | { kind: 'resync' };

/** Events between the writer and one reader. Keeps at most `BUFFER_BYTES_MAX` or one block, whichever is more. */
export type LiveBuffer = {
  /** Returns new events in receive order. Waits for them up to `waitMs`, or until `signal` fires. */
  take(waitMs: number, signal: AbortSignal): Promise<BufferRead>;
  close(): void;
};

/** Runs a task after `ms` milliseconds; returns a function that cancels it. */
export type Schedule = (task: () => void, ms: number) => () => void;

/** Approximate bytes in memory. A reader that keeps up buffers nothing; this is for one that pauses. */
export const BUFFER_BYTES_MAX = 4_000_000;
const ROW_BYTES = 500;
const EVENTS_PER_TAKE = 500;

/** Schedules with the system timer, without keeping the process alive. */
export const systemSchedule: Schedule = (task, ms) => {
  const timer = setTimeout(task, ms);
  timer.unref();
  return () => clearTimeout(timer);
};

/**
 * Returns a buffer that collects the project's events that match, from every block not yet published. Those that are erased
 * while they wait in it are dropped.
 */
export function openLiveBuffer(
  feed: Feed,
  projectId: string,
  matches: (row: EventRow) => boolean,
  schedule: Schedule = systemSchedule,
  isErased: (row: EventRow) => boolean = () => false,
): LiveBuffer {
  let buffered: BufferedEvent[] = [];
  let bytes = 0;
  let missed = 0;
  let needsResync = false;
  let wake = () => {};

  const { unsubscribe } = feed.subscribe(projectId, (block, rows) => {
    if (needsResync) return;
    if (rows === undefined) needsResync = true;
    else collect(block, rows.filter(matches));
    wake();
  });

  function collect(block: number, rows: readonly EventRow[]): void {
    const size = rows.reduce((sum, row) => sum + ROW_BYTES + row.properties.length, 0);
    const isTooMuch = buffered.length > 0 && bytes + size > BUFFER_BYTES_MAX;
    if (missed > 0 || isTooMuch) {
      missed += buffered.length + rows.length;
      [buffered, bytes] = [[], 0];
      return;
    }
    // In the order the store returns them, so that a reader that reconnects finds its position.
    for (const row of rows.toSorted(compareRows)) buffered.push({ block, row });
    bytes += size;
  }

  function takeNow(): BufferRead | undefined {
    if (missed > 0) return { kind: 'overflow', missed };
    buffered = buffered.filter(({ row }) => !isErased(row));
    if (buffered.length > 0) {
      const events = buffered.splice(0, EVENTS_PER_TAKE);
      if (buffered.length === 0) bytes = 0;
      return { kind: 'events', events };
    }
    return needsResync ? { kind: 'resync' } : undefined;
  }

  async function waitForNext(waitMs: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = schedule(resolve, waitMs);
    const onAbort = () => resolve();
    signal.addEventListener('abort', onAbort);
    wake = resolve;
    await promise;
    signal.removeEventListener('abort', onAbort);
    cancel();
  }

  return {
    async take(waitMs, signal) {
      const now = takeNow();
      if (now || signal.aborted) return now ?? { kind: 'idle' };
      await waitForNext(waitMs, signal);
      return takeNow() ?? { kind: 'idle' };
    },
    close: unsubscribe,
  };
}

function compareRows(one: EventRow, other: EventRow): number {
  if (one.timestamp !== other.timestamp) return one.timestamp - other.timestamp;
  const column = TIE_COLUMNS.find((name) => one[name] !== other[name]);
  return column === undefined || one[column] > other[column] ? 1 : -1;
}
