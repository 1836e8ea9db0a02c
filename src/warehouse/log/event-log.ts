import { existsSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCodeOf, StorageError } from '../../lib/errors.ts';
import { openPosition, type PositionFile } from './position.ts';
import { encodeRecord } from './record.ts';
import { type LoadedLog, positionFile, type Segment, segmentFile, syncFolder } from './segments.ts';

/** The log in front of the tables: acknowledged blocks that may not be in the tables yet. */
export type EventLog = {
  /** Whether it keeps blocks until they are in the tables. Otherwise they are acknowledged when they are. */
  isKept: boolean;
  /**
   * Appends a block, its rows in bytes. Resolves once it is on disk. Rejects with StorageError `unavailable`; nothing of the block is kept
   * then, or nothing can be appended until it is removed.
   */
  append(block: number, rowCount: number, rows: Buffer): Promise<void>;
  /** Notes that all blocks up to this one are in the tables, and deletes the segments that contain no other. */
  release(block: number): Promise<void>;
  /** Deletes all segments. Call it while nothing is appended and all blocks are in the tables. */
  clear(): Promise<void>;
  /** Bytes of all segments. */
  size(): number;
  close(): Promise<void>;
};

/** Bytes after which a segment is followed by another one, so that disk space is given back while events arrive. */
const SEGMENT_BYTES = 16_000_000;

type Active = Segment & { handle: FileHandle };

/** What is known of the log from one append to the next. */
type LogState = {
  readonly folder: string;
  closed: Segment[];
  active: Active | undefined;
  /** The number of the last block. */
  previous: number;
  insertedUpTo: number;
  /** Whether something that is no acknowledged record may follow the active segment's last one. */
  isUnclean: boolean;
  position: PositionFile | undefined;
};

/** Returns the log in `folder`, after what it contained was loaded. Creates files only when a block is appended. */
export function openEventLog(
  folder: string,
  { segments, highest, insertedUpTo }: Pick<LoadedLog, 'segments' | 'highest' | 'insertedUpTo'>,
  segmentBytes = SEGMENT_BYTES,
): EventLog {
  const state: LogState = {
    folder,
    closed: [...segments],
    active: undefined,
    previous: highest,
    insertedUpTo,
    isUnclean: false,
    position: existsSync(positionFile(folder)) ? openPosition(positionFile(folder)) : undefined,
  };
  notePosition(state);

  return {
    isKept: true,
    async append(block, rowCount, rows) {
      const { previous } = state;
      try {
        const { insertedUpTo: upTo } = state;
        const bytes = encodeRecord({ block, previous, insertedUpTo: upTo, rowCount, bytes: rows });
        await appendBytes(state, block, bytes, segmentBytes);
      } catch (error) {
        throw new StorageError('unavailable', describe(error), error);
      }
      notePosition(state);
    },
    async release(block) {
      state.insertedUpTo = Math.max(state.insertedUpTo, block);
      notePosition(state);
      await remove(
        state,
        state.closed.filter(({ highest: last }) => last <= state.insertedUpTo),
      );
    },
    async clear() {
      state.insertedUpTo = state.previous;
      notePosition(state);
      await endSegment(state);
      await remove(state, state.closed);
    },
    size: () => state.closed.reduce((sum, { bytes }) => sum + bytes, state.active?.bytes ?? 0),
    async close() {
      await endSegment(state);
      state.position?.close();
      state.position = undefined;
    },
  };
}

function notePosition({ position, previous, insertedUpTo }: LogState): void {
  position?.write({ acknowledged: previous, insertedUpTo });
}

async function appendBytes(
  state: LogState,
  block: number,
  bytes: Buffer,
  segmentBytes: number,
): Promise<void> {
  if (state.active !== undefined && state.isUnclean) await cleanUp(state, state.active);
  if (state.active !== undefined && state.active.bytes >= segmentBytes) await endSegment(state);
  state.active ??= await startSegment(state, block);
  const segment = state.active;
  state.isUnclean = true;
  try {
    await write(segment, bytes);
    state.isUnclean = false;
  } catch (error) {
    await cleanUp(state, segment).catch(() => undefined);
    throw error;
  }
  segment.bytes += bytes.length;
  segment.highest = block;
  state.previous = block;
}

async function startSegment(state: LogState, block: number): Promise<Active> {
  await mkdir(state.folder, { recursive: true, mode: 0o700 });
  state.position ??= openPosition(positionFile(state.folder));
  const file = segmentFile(state.folder, block);
  const handle = await open(file, 'w', 0o600);
  try {
    // Without this, a power failure could take the file with all that was synced into it.
    await syncFolder(state.folder);
    await syncFolder(dirname(state.folder));
  } catch (error) {
    await handle.close();
    throw error;
  }
  return { file, highest: 0, bytes: 0, isDamaged: false, handle };
}

async function endSegment(state: LogState): Promise<void> {
  if (state.active === undefined) return;
  const { handle, ...segment } = state.active;
  state.active = undefined;
  state.closed.push(segment);
  await handle.close();
}

async function write({ handle, bytes: end }: Active, bytes: Buffer): Promise<void> {
  for (let from = 0; from < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, from, bytes.length - from, end + from);
    from += bytesWritten;
  }
  await handle.datasync();
}

/** Removes what a failed append left behind: it was never acknowledged, and is sent again. */
async function cleanUp(state: LogState, { handle, bytes }: Active): Promise<void> {
  await handle.truncate(bytes);
  await handle.datasync();
  state.isUnclean = false;
}

/** Deletes segments; a damaged one is kept under another name, so that it can be examined. */
async function remove(state: LogState, segments: readonly Segment[]): Promise<void> {
  if (segments.length === 0) return;
  for (const { file, isDamaged } of segments)
    await (isDamaged ? rename(file, keptAs(file)) : rm(file, { force: true }));
  state.closed = state.closed.filter((segment) => !segments.includes(segment));
  await syncFolder(state.folder);
}

/** Returns what a damaged segment is called once everything else in it is in the tables. */
export const keptAs = (file: string): string => `${file}.damaged`;

const describe = (error: unknown): string =>
  errorCodeOf(error) === 'ENOSPC'
    ? 'The event log cannot be written: the disk is full; make room, then it works again'
    : 'The event log cannot be written';
