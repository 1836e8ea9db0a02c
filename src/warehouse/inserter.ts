import { setTimeout as sleep } from 'node:timers/promises';
import type { BlockStore } from './block-store.ts';
import type { EventRow } from './event-row.ts';
import { hashKey } from './id-filter.ts';
import type { EventLog } from './log/event-log.ts';
import type { LoggedBlock } from './logged-block.ts';

/** Moves blocks from the log into the tables, many at a time. */
export type Inserter = {
  /** Adds a block that is in the log. It is inserted soon, with others. */
  stage(block: LoggedBlock): void;
  /** Adds blocks of an earlier process: whether they are in the tables is unknown. */
  restore(blocks: readonly LoggedBlock[]): void;
  /** Whether a dedupe key is one of a staged block, which is not or perhaps not in the tables. */
  has(key: string): boolean;
  /**
   * Inserts what is staged now. Resolves when all of it and everything derived from it are visible to queries; undefined
   * if they are. Rejects with StorageError.
   */
  flush(): Promise<void> | undefined;
  /** Resolves when there is room for more blocks; undefined if there is. Rejects with StorageError when inserting fails. */
  room(): Promise<void> | undefined;
  /** Whether the latest attempt to insert failed. */
  isFailing(): boolean;
  /** Inserts nothing more by itself. */
  stop(): void;
};

/** When staged rows are inserted, and how many there may be: what is inserted counts until it is. */
export type InsertLimits = { afterMs: number; rows: number; bytes: number; rowsMax: number; bytesMax: number };

/**
 * An insert costs the engine some 50 ms of processor time whatever its size, and syncs some 50 files: so events wait for
 * more of them, unless a query waits for them. Rows take three times their text in memory.
 */
export const INSERT_LIMITS: InsertLimits = {
  afterMs: 1_000,
  rows: 10_000,
  bytes: 8_000_000,
  rowsMax: 40_000,
  bytesMax: 32_000_000,
};

/** Called after rows are visible to queries, before queries that wait for them run. It must not throw. */
export type OnInserted = (rows: readonly EventRow[], block: number) => void;

export type InserterOptions = {
  store: BlockStore;
  log: Pick<EventLog, 'release'>;
  /** Called with the hashes of ids once they are in `event_ids`, before `has` forgets them. */
  addSeen: (hashes: number[]) => void;
  onInserted?: OnInserted | undefined;
  onFailure: (error: unknown, what: string) => void;
  /** Called after each insert; `wasFailing` says that an attempt before it failed. */
  onSuccess: (wasFailing: boolean) => void;
  limits: InsertLimits;
};

/** Attempts after a failure, before those that wait are rejected. */
const ATTEMPTS = 5;
const RETRY_MS = 50;
/** How long after that it is tried again, if no one asks for it sooner. */
const RETRY_LATER_MS = 1_000;

/** Returns an inserter with nothing staged. */
export function createInserter(options: InserterOptions): Inserter {
  const { limits, addSeen, log, onInserted, onFailure } = options;
  let staged: LoggedBlock[] = [];
  const keys = new Set<string>();
  const size = { rows: 0, bytes: 0, stagedRows: 0, stagedBytes: 0 };
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  /** `unknown`: of the staged blocks, an unknown part is in the tables. `failing`: and the latest attempt failed. */
  let state: 'sound' | 'unknown' | 'failing' = 'sound';

  function add(block: LoggedBlock): void {
    staged.push(block);
    for (const key of block.keys) keys.add(key);
    count(block, 1);
    size.stagedRows += block.rows.length;
    size.stagedBytes += block.text.length;
  }

  function count({ rows, text }: LoggedBlock, sign: 1 | -1): void {
    size.rows += sign * rows.length;
    size.bytes += sign * text.length;
  }

  function schedule(): void {
    if (isStopped || staged.length === 0 || running !== undefined) return;
    const isEnough = size.stagedRows >= limits.rows || size.stagedBytes >= limits.bytes;
    if (state !== 'failing' && isEnough) void start().catch(() => undefined);
    else
      timer ??= setTimeout(
        () => void start().catch(() => undefined),
        state === 'failing' ? RETRY_LATER_MS : limits.afterMs,
      ).unref();
  }

  function start(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    running ??= insertStaged().finally(() => {
      running = undefined;
      schedule();
    });
    return running;
  }

  async function insertStaged(): Promise<void> {
    const blocks = staged;
    staged = [];
    [size.stagedRows, size.stagedBytes] = [0, 0];
    try {
      await insertBlocks(blocks);
    } catch (error) {
      // Before what was staged meanwhile: the log is released in the order of blocks.
      staged = [...blocks, ...staged];
      throw error;
    }
    for (const block of blocks) {
      addSeen(block.keys.map(hashKey));
      for (const key of block.keys) keys.delete(key);
      count(block, -1);
      onInserted?.(block.rows, block.block);
    }
    const last = blocks.at(-1)?.block ?? 0;
    // Its failure loses nothing: the next start finds that all of it is in the tables.
    await log.release(last).catch((error: unknown) => onFailure(error, 'deleting a part of the log failed'));
  }

  async function insertBlocks(blocks: readonly LoggedBlock[]): Promise<void> {
    const attempts = state === 'failing' ? 1 : ATTEMPTS;
    for (let attempt = 1; ; attempt += 1) {
      try {
        if (state === 'sound') await insertNew(options.store, blocks);
        else await insertAgain(options.store, blocks);
        options.onSuccess(state === 'failing');
        state = 'sound';
        return;
      } catch (error) {
        state = 'failing';
        onFailure(error, 'inserting events failed');
        if (attempt >= attempts) throw error;
        await sleep(attempt * RETRY_MS);
      }
    }
  }

  return {
    stage(block) {
      add(block);
      schedule();
    },
    restore(blocks) {
      for (const block of blocks) add(block);
      if (blocks.length > 0) state = 'unknown';
    },
    has: (key) => keys.has(key),
    flush() {
      if (staged.length === 0) return running;
      // What runs does not contain what was staged meanwhile.
      return running === undefined ? start() : running.catch(() => undefined).then(() => start());
    },
    room() {
      if (size.rows < limits.rowsMax && size.bytes < limits.bytesMax) return undefined;
      return running ?? start();
    },
    isFailing: () => state === 'failing',
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

async function insertNew(store: BlockStore, blocks: readonly LoggedBlock[]): Promise<void> {
  await store.insertEvents(blocks.map(({ text }) => text));
  const rows = blocks.flatMap((block) => block.rows);
  await store.insertDerived(
    rows,
    blocks.flatMap(({ block, rows: ofBlock }) => ofBlock.map(() => block)),
  );
}

/** Inserts what an interrupted attempt left out. */
async function insertAgain(store: BlockStore, blocks: readonly LoggedBlock[]): Promise<void> {
  await store.repair(blocks[0]?.block);
  await store.insertMissing(blocks);
}
