import { requireReadable } from './event-columns.ts';
import type { EventRow } from './event-row.ts';
import { createEventHasher } from './id-filter.ts';
import { type EncodedRows, encodeRows } from './rows/encode-rows.ts';

/** One call of `append`, stored and answered as a whole. */
export type Append = {
  rows: EventRow[];
  /** The hash of each row's dedupe key (see `createEventHasher`), in the order of `rows`. */
  hashes: number[];
  /** The rows in bytes. */
  encoded: EncodedRows;
  /** Number of those bytes. */
  bytes: number;
  resolve: (isNew: boolean[]) => void;
  reject: (error: unknown) => void;
};

/** How much may wait, and how much one block takes. */
export type QueueLimits = { rowsMax: number; bytesMax: number; blockRowsMax: number; blockBytesMax: number };

/** When this much waits, because the disk is slower than what arrives, further events are refused with 503; one project's, at half. */
export const QUEUE_LIMITS: QueueLimits = {
  rowsMax: 100_000,
  bytesMax: 64_000_000,
  blockRowsMax: 10_000,
  blockBytesMax: 16_000_000,
};

const hashEvent = createEventHasher();

/** Returns rows as an entry of the queue. Throws TypeError for a malformed row, and for more rows than fit in a block. */
export function encodeAppend(rows: EventRow[], limits: QueueLimits): Omit<Append, 'resolve' | 'reject'> {
  if (rows.length > limits.blockRowsMax)
    throw new TypeError(`More than ${limits.blockRowsMax} rows in one block`);
  for (const row of rows) requireReadable(row);
  const encoded = encodeRows(rows);
  return { rows, hashes: rows.map(hashEvent), encoded, bytes: encoded.bytes.length };
}

/** Appends waiting for the writer: first in, first out within a project, fair by row count between projects. */
export type AppendQueue = {
  /** Returns false and queues nothing when the queue is full or this project already uses half of it. */
  push(projectId: string, append: Append): boolean;
  /** Removes and returns the next block: as many whole appends as fit, at least one if any are waiting. */
  take(): Append[];
  /** Rows and bytes waiting. */
  size(): { rows: number; bytes: number };
};

type AppendLane = { appends: Append[]; head: number; rows: number; bytes: number; allowance: number };

/** Rows a project may add to a block per turn (deficit round robin, Shreedhar & Varghese 1995). */
const TURN_ROWS = 200;

/** Returns an empty queue. A single project may fill only half of it, so a flood leaves room for others. */
export function createAppendQueue(limits: QueueLimits): AppendQueue {
  const lanes = new Map<string, AppendLane>();
  let rows = 0;
  let bytes = 0;

  function hasRoom(lane: AppendLane | undefined, append: Append): boolean {
    const isFull = rows + append.rows.length > limits.rowsMax || bytes + append.bytes > limits.bytesMax;
    if (isFull) return false;
    if (lane === undefined) return true;
    const laneRows = lane.rows + append.rows.length;
    return laneRows <= limits.rowsMax / 2 && lane.bytes + append.bytes <= limits.bytesMax / 2;
  }

  /** Moves one project's appends into the block. Returns false when the next one does not fit. */
  function drain(lane: AppendLane, block: Append[], room: { rows: number; bytes: number }): boolean {
    lane.allowance += TURN_ROWS;
    for (let next = lane.appends[lane.head]; next !== undefined; next = lane.appends[lane.head]) {
      if (next.rows.length > lane.allowance) return true;
      const fits = next.rows.length <= room.rows && next.bytes <= room.bytes;
      if (!fits && block.length > 0) return false;
      lane.head += 1;
      lane.allowance -= next.rows.length;
      lane.rows -= next.rows.length;
      lane.bytes -= next.bytes;
      room.rows -= next.rows.length;
      room.bytes -= next.bytes;
      block.push(next);
    }
    return true;
  }

  return {
    push(projectId, append) {
      let lane = lanes.get(projectId);
      if (!hasRoom(lane, append)) return false;
      lane ??= { appends: [], head: 0, rows: 0, bytes: 0, allowance: 0 };
      lanes.set(projectId, lane);
      lane.appends.push(append);
      lane.rows += append.rows.length;
      lane.bytes += append.bytes;
      rows += append.rows.length;
      bytes += append.bytes;
      return true;
    },
    take() {
      const block: Append[] = [];
      const room = { rows: limits.blockRowsMax, bytes: limits.blockBytesMax };
      for (let turn = lanes.entries().next().value; turn !== undefined; turn = lanes.entries().next().value) {
        const [projectId, lane] = turn;
        if (!drain(lane, block, room)) break;
        // Back to the end of the rotation. An empty lane is removed, and its allowance with it.
        lanes.delete(projectId);
        if (lane.head < lane.appends.length) lanes.set(projectId, compact(lane));
      }
      rows -= limits.blockRowsMax - room.rows;
      bytes -= limits.blockBytesMax - room.bytes;
      return block;
    },
    size: () => ({ rows, bytes }),
  };
}

/** Drops taken appends only once they make up half of the list: shifting after each one would be quadratic. */
function compact(lane: AppendLane): AppendLane {
  if (lane.head * 2 >= lane.appends.length) {
    lane.appends = lane.appends.slice(lane.head);
    lane.head = 0;
  }
  return lane;
}
