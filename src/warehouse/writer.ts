import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Clock } from '../lib/clock.ts';
import { StorageError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import {
  type Append,
  type AppendQueue,
  createAppendQueue,
  QUEUE_LIMITS,
  type QueueLimits,
} from './append-queue.ts';
import { type Block, formBlock, listIsNew, selectNewRows } from './block.ts';
import type { BlockStore } from './block-store.ts';
import { encodeRow } from './event-columns.ts';
import type { EventRow } from './event-row.ts';
import { createFeed, type Feed, type FeedSource } from './feed.ts';
import { eventKey, hashKey } from './id-filter.ts';
import { createPauses, type Pauses } from './pauses.ts';
import type { SeenIds } from './seen-ids.ts';

/** The only way to add events to the store. */
export type Writer = {
  /**
   * Resolves once the rows are on disk: for each row `true` when it was stored now, `false` when its `eventKey` had
   * been stored before. Rejects with StorageError `busy` when the queue is full (nothing was done) or
   * `unavailable` when the outcome is unknown, and with TypeError for a malformed row.
   */
  append(rows: EventRow[]): Promise<boolean[]>;
  /**
   * Resolves when everything derived from the acknowledged events is written too (a first-seen time comes some
   * milliseconds after its event); undefined when there is nothing to wait for. The next block repairs what failed.
   * Rejects with StorageError `unavailable` while a statement is overdue.
   */
  pendingDerivation(): Promise<void> | undefined;
  /** Publishes newly stored events, before `append` resolves. */
  feed: Feed;
  /** What is queued, and the limits of the queue. */
  queue(): { rows: number; bytes: number; rowsMax: number; bytesMax: number };
  /** Whether the latest attempt to store events failed and none has succeeded since. */
  isFailing(): boolean;
  /**
   * Rejects everything that waits with StorageError `unavailable`. The running statement is still awaited: the next one
   * could overtake it.
   */
  giveUp(): void;
  /** Runs `work` while no block is being stored, and resolves or rejects as it does. Appends wait meanwhile. */
  pause(work: () => Promise<void>): Promise<void>;
  /** Rejects further appends, stores what is queued, then resolves. */
  close(): Promise<void>;
};

export type WriterOptions = {
  store: BlockStore;
  /** Repairs what the previous process left behind, like `store.repair`, which is the default. */
  repairAtStart?: () => Promise<number>;
  /** Called after the repair, which may store ids that a filter loaded earlier would report as new. */
  openSeenIds: () => Promise<SeenIds>;
  /** While it returns true, appends are refused with StorageError `unavailable`. */
  isOverdue?: () => boolean;
  /** Called with each failure of a statement. */
  onFailure?: (error: unknown) => void;
  /**
   * Called with rows that can be queried now, and their block. After a failure it is called once they are known to be there,
   * or not, which may be after later blocks.
   */
  onInserted?: (rows: readonly EventRow[], block: number) => void;
  clock: Clock;
  log: Log;
  limits?: Partial<QueueLimits>;
};

const REPAIR_ATTEMPTS = 5;
const REPAIR_RETRY_MS = 50;

/** Repairs what the previous process left behind, then returns a writer. Rejects when the repair fails. */
export async function openWriter(options: WriterOptions): Promise<Writer> {
  const { store, repairAtStart = store.repair, isOverdue = () => false } = options;
  const limits = { ...QUEUE_LIMITS, ...options.limits };
  const queue = createAppendQueue(limits);
  const lastBlock = await repairAtStart();
  const seenIds = await options.openSeenIds();
  const state: State = {
    lastBlock,
    storing: [],
    feed: createFeed(lastBlock),
    isDamaged: false,
    isClosed: false,
    seenIds,
    pendingDerivation: undefined,
    failing: undefined,
  };
  const pauses = createPauses();
  let work: Promise<void> | undefined;
  const onEnd = () => {
    work = undefined;
  };
  const drain = () => drainQueue(options, state, { queue, pauses }, onEnd);

  return {
    async append(rows) {
      if (state.isClosed) throw new StorageError('busy', 'The event store is closing');
      if (isOverdue()) throw overdue();
      const [first] = rows;
      if (first === undefined) return [];
      // Checked before encoding, so that rejecting a flood is cheap.
      if (queue.size().rows + rows.length > limits.rowsMax) throw queueFullError();
      const { promise, ...settle } = Promise.withResolvers<boolean[]>();
      const append = { ...encode(rows, limits), ...settle };
      if (!queue.push(first.project_id, append)) throw queueFullError();
      work ??= drain();
      return await promise;
    },
    pendingDerivation: () =>
      state.pendingDerivation !== undefined && isOverdue()
        ? Promise.reject(overdue())
        : state.pendingDerivation,
    feed: state.feed,
    isFailing: () => state.failing !== undefined,
    queue: () => ({ ...queue.size(), rowsMax: limits.rowsMax, bytesMax: limits.bytesMax }),
    giveUp() {
      logFailure(options, state, overdue(), 'storing events failed');
      rejectAll(state.storing, overdue());
      for (let waiting = queue.take(); waiting.length > 0; waiting = queue.take())
        rejectAll(waiting, overdue());
    },
    pause(run) {
      work ??= drain();
      return pauses.add(run);
    },
    async close() {
      state.isClosed = true;
      await work;
      state.seenIds.stop();
    },
  };
}

/** Stores what is queued until nothing is. Calls `onEnd` in the same turn, so that whatever comes later starts another one. */
async function drainQueue(
  options: WriterOptions,
  state: State,
  { queue, pauses }: { queue: AppendQueue; pauses: Pauses },
  onEnd: () => void,
): Promise<void> {
  // Yield one turn of the event loop, so that requests that arrived together become one block instead of one
  // request and the rest.
  await setImmediate();
  for (;;) {
    await pauses.run();
    state.storing = queue.take();
    if (state.storing.length === 0 && pauses.isEmpty()) break;
    if (state.storing.length === 0) continue;
    if (state.isDamaged) await repair(options, state);
    await storeAppends(options, state, state.storing);
    await setImmediate();
  }
  onEnd();
}

function queueFullError(): StorageError {
  return new StorageError('busy', 'Too many events wait to be stored');
}

function overdue(): StorageError {
  return new StorageError(
    'unavailable',
    'A statement of the writer is overdue: the event store does not answer',
  );
}

function rejectAll(appends: Append[], cause: unknown): void {
  const message = 'The events may be stored or not; send them again';
  for (const append of appends) append.reject(new StorageError('unavailable', message, cause));
}

function encode(rows: EventRow[], limits: QueueLimits): Omit<Append, 'resolve' | 'reject'> {
  if (rows.length > limits.blockRowsMax)
    throw new TypeError(`More than ${limits.blockRowsMax} rows in one block`);
  const lines = rows.map(encodeRow);
  const bytes = lines.reduce((sum, line) => sum + line.length, 0);
  return { rows, keys: rows.map(eventKey), lines, bytes };
}

type State = {
  lastBlock: number;
  /** What was taken out of the queue last: all of it is answered before more is taken. */
  storing: Append[];
  feed: FeedSource;
  isDamaged: boolean;
  /** Rows that are in the store if their insert succeeds, or has succeeded although it seemed to fail. */
  uncertain?: { rows: readonly EventRow[]; block: number };
  isClosed: boolean;
  seenIds: SeenIds;
  pendingDerivation: Promise<void> | undefined;
  /** When failures began and how many there have been; undefined while everything works. */
  failing: { since: number; times: number } | undefined;
};

/** Logs the first failure with its cause. Logging one line per failed request after it would only fill the disk. */
function logFailure(
  { log, clock, onFailure }: WriterOptions,
  state: State,
  err: unknown,
  what: string,
): void {
  onFailure?.(err);
  if (state.failing === undefined) log.error({ err }, `${what}; logged again when events are stored again`);
  state.failing ??= { since: clock.now(), times: 0 };
  state.failing.times += 1;
}

function logRecovery({ log, clock }: WriterOptions, state: State): void {
  if (state.failing === undefined) return;
  const { since, times } = state.failing;
  log.warn({ failures: times, forMs: clock.now() - since }, 'events are stored again');
  state.failing = undefined;
}

/**
 * Stores and answers some appends; never rejects. They are answered once their events are on disk: derived rows can
 * be derived again, and queries wait for them. "Damaged" means derived rows may be missing: it is assumed until the
 * last insert has succeeded, and while it is set nothing may be inserted.
 */
async function storeAppends(options: WriterOptions, state: State, appends: Append[]): Promise<void> {
  try {
    if (state.isDamaged) throw new StorageError('unavailable', 'The event store is being repaired');
    const block = formBlock(appends);
    const stored = await findStored(options.store, state.seenIds, block);
    const { rows, lines } = selectNewRows(block, stored);
    if (rows.length > 0) {
      state.lastBlock = Math.max(state.lastBlock + 1, options.clock.now() * 1000);
      state.isDamaged = true;
      state.uncertain = { rows, block: state.lastBlock };
      await options.store.insertEvents(lines, state.lastBlock);
      noteInserted(options, state);
      state.feed.publish(state.lastBlock, rows);
      state.pendingDerivation = derive(options, state, rows);
    }
    for (const [index, isNew] of listIsNew(block, stored).entries()) appends[index]?.resolve(isNew);
    // The next block looks its ids up in the table this one fills.
    await state.pendingDerivation;
  } catch (error) {
    logFailure(options, state, error, 'storing events failed');
    rejectAll(appends, error);
  }
}

function noteInserted({ onInserted }: WriterOptions, state: State): void {
  if (state.uncertain) onInserted?.(state.uncertain.rows, state.uncertain.block);
  delete state.uncertain;
}

/**
 * The events are already acknowledged, so a failure is repaired immediately. If that fails too, the next block
 * retries.
 */
async function derive(options: WriterOptions, state: State, rows: EventRow[]): Promise<void> {
  try {
    await options.store.insertDerived(rows, state.lastBlock);
    state.isDamaged = false;
  } catch (error) {
    logFailure(options, state, error, 'deriving from events failed');
    for (let attempt = 1; state.isDamaged && attempt <= REPAIR_ATTEMPTS; attempt += 1) {
      await setTimeout(attempt * REPAIR_RETRY_MS);
      await repair(options, state);
    }
  } finally {
    state.pendingDerivation = undefined;
    if (!state.isDamaged) logRecovery(options, state);
  }
}

/** Derives whatever may be missing. Never rejects: remaining damage is recorded, and nothing is inserted meanwhile. */
async function repair(options: WriterOptions, state: State): Promise<void> {
  try {
    state.lastBlock = Math.max(state.lastBlock, await options.store.repair());
    state.isDamaged = false;
    noteInserted(options, state);
    // A failed insert may have stored its events anyway. Its retry then finds only duplicates and publishes nothing.
    state.feed.publish(state.lastBlock);
  } catch (error) {
    logFailure(options, state, error, 'repairing the event store failed, the next events try again');
  }
}

/** Looks up only ids the filter cannot prove new, and adds those about to be inserted to the filter. */
async function findStored(store: BlockStore, seenIds: SeenIds, block: Block): Promise<Set<string>> {
  const suspects: EventRow[] = [];
  for (const [key, { append, row }] of block.firsts) {
    const event = block.appends[append]?.rows[row];
    if (event !== undefined && seenIds.mayHave(hashKey(key))) suspects.push(event);
  }
  const stored = suspects.length === 0 ? new Set<string>() : await store.findStored(suspects);
  seenIds.add([...block.firsts.keys()].filter((key) => !stored.has(key)).map(hashKey));
  return stored;
}
