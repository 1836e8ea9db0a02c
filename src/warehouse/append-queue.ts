import type { EventRow } from './event-row.ts';

/** One call of `append`: stored and answered as a whole. */
export type Append = {
  rows: EventRow[];
  /** What names each row for dedupe, in the order of `rows`. */
  keys: string[];
  /** Each row encoded, in the order of `rows`. */
  lines: string[];
  /** Length of all `lines` together. */
  bytes: number;
  resolve: (isNew: boolean[]) => void;
  reject: (error: unknown) => void;
};

export type QueueLimits = { rowsMax: number; bytesMax: number; blockRowsMax: number; blockBytesMax: number };

/** What waits for the writer: first in, first out within a project, fair by rows between projects. */
export type AppendQueue = {
  /** Returns false, and takes nothing, when the queue, or this project's half of it, is full. */
  push(projectId: string, append: Append): boolean;
  /** Takes out the next block: as many whole appends as fit, at least one if any waits. */
  take(): Append[];
  /** Rows and bytes that wait. */
  size(): { rows: number; bytes: number };
};

type Lane = { appends: Append[]; head: number; rows: number; bytes: number; allowance: number };

/** Rows that a project may add to a block in each turn (deficit round robin, Shreedhar & Varghese 1995). */
const TURN_ROWS = 200;

/** Returns an empty queue. A single project may fill half of it, so that a flood leaves room for others. */
export function createAppendQueue(limits: QueueLimits): AppendQueue {
  const lanes = new Map<string, Lane>();
  let rows = 0;
  let bytes = 0;

  function hasRoom(lane: Lane | undefined, append: Append): boolean {
    const isFull = rows + append.rows.length > limits.rowsMax || bytes + append.bytes > limits.bytesMax;
    if (isFull) return false;
    if (lane === undefined) return true;
    const laneRows = lane.rows + append.rows.length;
    return laneRows <= limits.rowsMax / 2 && lane.bytes + append.bytes <= limits.bytesMax / 2;
  }

  /** Moves appends of one project to the block; returns false when the next one does not fit in it. */
  function drain(lane: Lane, block: Append[], room: { rows: number; bytes: number }): boolean {
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
        // To the end of the line; one that is empty leaves it, and its allowance with it.
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

/** Forgets what was taken once it is half of the list: a shift for each would be quadratic. */
function compact(lane: Lane): Lane {
  if (lane.head * 2 >= lane.appends.length) {
    lane.appends = lane.appends.slice(lane.head);
    lane.head = 0;
  }
  return lane;
}
