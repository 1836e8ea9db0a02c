import { createInsertion, type InsertionOptions } from './insertion.ts';
import type { EventLog } from './log/event-log.ts';
import type { LoggedBlock } from './logged-block.ts';
import { createStagedBlocks, type StageLimits } from './staged-blocks.ts';

/** Moves blocks from the log into the tables, many at a time. */
export type Inserter = {
  /** Adds a block that is in the log. It is inserted soon, with others. */
  stage(block: LoggedBlock): void;
  /** Adds blocks of an earlier process: whether they are in the tables is unknown. */
  restore(blocks: readonly LoggedBlock[]): void;
  /** Whether a staged block, which may not be in the tables yet, may have a key with this hash; `false` is certain. */
  mayHave(hash: number): boolean;
  /** Whether a staged block has this dedupe key; `hash` is the key's. */
  has(key: string, hash: number): boolean;
  /**
   * Inserts what is staged now. Resolves when all of it and everything derived from it are visible to queries; undefined
   * if they are. Rejects with StorageError.
   */
  flush(): Promise<void> | undefined;
  /** Resolves when there is room for more blocks; undefined if there is. Rejects with StorageError when inserting fails. */
  room(): Promise<void> | undefined;
  /** Whether events arrive fast: many rows are staged again although a query has just waited for an insert. */
  isBusy(): boolean;
  /** Whether the latest attempt to insert failed. */
  isFailing(): boolean;
  /** Inserts nothing more by itself. */
  stop(): void;
};

/** When staged rows are inserted, and how many there may be. */
export type InsertLimits = StageLimits & { afterMs: number };

/**
 * An insert costs the engine some 50 ms of CPU time whatever its size, and syncs some 50 files: so events wait for
 * more of them, unless a query waits for them. In memory, rows are little more than their bytes.
 */
export const INSERT_LIMITS: InsertLimits = {
  afterMs: 1_000,
  rows: 30_000,
  bytes: 16_000_000,
  rowsMax: 120_000,
  bytesMax: 64_000_000,
};

export type InserterOptions = InsertionOptions & {
  log: Pick<EventLog, 'release'>;
  /** Called with the hashes of ids once they are in `event_ids`, before `has` forgets them. */
  addSeen: (hashes: Iterable<number>) => void;
  limits: InsertLimits;
};

/** How many rows arrive during an insert, some 50 ms, at 20,000 events/s. */
const BUSY_ROWS = 1_000;
/** How long after a failure it is tried again, if no one asks for it sooner. */
const RETRY_LATER_MS = 1_000;

/** Returns an inserter with nothing staged. */
export function createInserter(options: InserterOptions): Inserter {
  const { limits } = options;
  const staged = createStagedBlocks(limits);
  const insertion = createInsertion(options);
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  function schedule(): void {
    if (isStopped || staged.isEmpty() || running !== undefined) return;
    const isFailing = insertion.isFailing();
    const startNow = () => void start().catch(() => undefined);
    if (staged.isEnough() && !isFailing) startNow();
    else timer ??= setTimeout(startNow, isFailing ? RETRY_LATER_MS : limits.afterMs).unref();
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
    const blocks = staged.take();
    try {
      await insertion.insert(blocks);
    } catch (error) {
      staged.putBack(blocks);
      throw error;
    }
    for (const { hashes } of blocks) options.addSeen(hashes);
    staged.forget(blocks);
    await release(options, blocks.at(-1)?.block ?? 0);
  }

  return {
    stage(block) {
      staged.add(block);
      schedule();
    },
    restore(blocks) {
      for (const block of blocks) staged.add(block);
      if (blocks.length > 0) insertion.doubt();
    },
    mayHave: staged.mayHave,
    has: staged.has,
    flush() {
      if (staged.isEmpty()) return running;
      // What runs does not contain what was staged meanwhile.
      return running === undefined ? start() : running.catch(() => undefined).then(start);
    },
    room: () => (staged.hasRoom() ? undefined : (running ?? start())),
    isBusy: () => staged.rowCount() >= BUSY_ROWS,
    isFailing: insertion.isFailing,
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

/** Its failure loses nothing: the next start finds that all of it is in the tables. */
async function release({ log, onFailure }: InserterOptions, block: number): Promise<void> {
  await log.release(block).catch((error: unknown) => onFailure(error, 'deleting a part of the log failed'));
}
