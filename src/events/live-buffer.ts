import type { EventRow } from '../warehouse/event-row.ts';
import type { Feed } from '../warehouse/feed.ts';

/** A stored event and the block that brought it. */
export type ReceivedEvent = { block: number; row: EventRow };

/** What the buffer has for its reader: some events, or why there are none. */
export type Taken =
  | { kind: 'events'; events: ReceivedEvent[] }
  /** Nothing came for as long as the reader waits. */
  | { kind: 'silence' }
  /** More came than is held: so many events were let go. */
  | { kind: 'overflow'; missed: number }
  /** Only the store knows what came next. */
  | { kind: 'unknown' };

/** Events between the writer and one reader. Holds at most `BUFFER_BYTES_MAX` or one block, whichever is more. */
export type LiveBuffer = {
  /** Returns what came, in receive order; waits up to `waitMs` for it, and no longer than until `signal` fires. */
  take(waitMs: number, signal: AbortSignal): Promise<Taken>;
  close(): void;
};

/** Runs a task later; what it returns calls it off. */
export type Schedule = (task: () => void, ms: number) => () => void;

/** Roughly, in memory. Readers at their ease hold nothing; this is for one that pauses. */
export const BUFFER_BYTES_MAX = 4_000_000;
const ROW_BYTES = 500;
const EVENTS_A_TAKE = 500;

/** The timer of the machine; it keeps no process alive. */
export const systemSchedule: Schedule = (task, ms) => {
  const timer = setTimeout(task, ms);
  timer.unref();
  return () => clearTimeout(timer);
};

/** Returns a buffer that collects the project's events that `passes` lets through, from every block not yet told. */
export function openLiveBuffer(
  feed: Feed,
  projectId: string,
  passes: (row: EventRow) => boolean,
  schedule: Schedule = systemSchedule,
): LiveBuffer {
  let held: ReceivedEvent[] = [];
  let bytes = 0;
  let missed = 0;
  let isUnknown = false;
  let wake = () => {};

  const { unsubscribe } = feed.subscribe(projectId, (block, rows) => {
    if (isUnknown) return;
    if (rows === undefined) isUnknown = true;
    else collect(block, rows.filter(passes));
    wake();
  });

  function collect(block: number, rows: readonly EventRow[]): void {
    const size = rows.reduce((sum, row) => sum + ROW_BYTES + row.properties.length, 0);
    const isTooMuch = held.length > 0 && bytes + size > BUFFER_BYTES_MAX;
    if (missed > 0 || isTooMuch) {
      missed += held.length + rows.length;
      [held, bytes] = [[], 0];
      return;
    }
    // As the store orders them, so that a reader that comes back finds its place.
    for (const row of rows.toSorted(compareRows)) held.push({ block, row });
    bytes += size;
  }

  function takeNow(): Taken | undefined {
    if (missed > 0) return { kind: 'overflow', missed };
    if (held.length > 0) {
      const events = held.splice(0, EVENTS_A_TAKE);
      if (held.length === 0) bytes = 0;
      return { kind: 'events', events };
    }
    return isUnknown ? { kind: 'unknown' } : undefined;
  }

  async function untilNext(waitMs: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const callOff = schedule(resolve, waitMs);
    const onAbort = () => resolve();
    signal.addEventListener('abort', onAbort);
    wake = resolve;
    await promise;
    signal.removeEventListener('abort', onAbort);
    callOff();
  }

  return {
    async take(waitMs, signal) {
      const now = takeNow();
      if (now || signal.aborted) return now ?? { kind: 'silence' };
      await untilNext(waitMs, signal);
      return takeNow() ?? { kind: 'silence' };
    },
    close: unsubscribe,
  };
}

const compareRows = (one: EventRow, other: EventRow) =>
  one.timestamp - other.timestamp || (one.event_id < other.event_id ? -1 : 1);
