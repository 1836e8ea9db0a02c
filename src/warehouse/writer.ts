import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../lib/clock.ts';
import { StorageError } from '../lib/errors.ts';
import { createFailureLog, type FailureLog } from '../lib/failure-log.ts';
import type { Log } from '../lib/log.ts';
import { createPauses, type PauseOptions, type Pauses } from '../lib/pauses.ts';
import {
  type Append,
  type AppendQueue,
  createAppendQueue,
  encodeAppend,
  QUEUE_LIMITS,
  type QueueLimits,
} from './append-queue.ts';
import { type Block, formBlock, listIsNew, type SelectedRows, selectNewRows } from './block.ts';
import type { BlockStore } from './block-store.ts';
import type { Watch } from './engine/renewed-connection.ts';
import type { EventRow } from './event-row.ts';
import { createFeed, type Feed, type FeedSource } from './feed.ts';
import { createInserter, INSERT_LIMITS, type Inserter, type InsertLimits } from './inserter.ts';
import type { EventLog } from './log/event-log.ts';
import { createLoggedBlock, type LoggedBlock } from './logged-block.ts';
import { fillInBlock } from './rows/encode-rows.ts';
import type { SeenIds } from './seen-ids.ts';

/** The only way to add events to the store. */
export type Writer = {
  /**
   * Resolves once the rows are in the log or, on a server, in its tables: for each row `true` when it was stored now, `false` when its `eventKey` had
   * been stored before. Rejects with StorageError `busy` when the queue is full (nothing was done) or
   * `unavailable` when the outcome is unknown, and with TypeError for a malformed row.
   */
  append(rows: EventRow[]): Promise<boolean[]>;
  /**
   * Inserts the acknowledged events that are only in the log. Resolves when they and everything derived from them are
   * visible to queries; undefined when they are. Rejects with StorageError when they cannot be inserted, and `unavailable`
   * while a statement is overdue.
   */
  pendingDerivation(): Promise<void> | undefined;
  /** Publishes newly stored events, before `append` resolves. */
  feed: Feed;
  /** What is queued, and the limits of the queue. */
  queue(): { rows: number; bytes: number; rowsMax: number; bytesMax: number };
  /** Whether the latest attempt to store events failed and none has succeeded since. */
  isFailing(): boolean;
  /** Whether events arrive fast. */
  isBusy(): boolean;
  /**
   * Rejects everything that waits with StorageError `unavailable`. The running statement is still awaited: the next one
   * could overtake it.
   */
  giveUp(): void;
  /**
   * Runs `work` while no block is being stored, all acknowledged events are in the tables and the log is empty; resolves or
   * rejects as it does. Appends wait meanwhile. Events are deleted only by such work, or a start would insert them again.
   */
  pause(work: () => Promise<void>, options?: PauseOptions): Promise<void>;
  /** Rejects further appends, stores what is queued, then resolves. */
  close(): Promise<void>;
};

/** Called with the new rows of a block, and its number. */
export type OnStored = (rows: readonly EventRow[], block: number) => void;

export type WriterOptions = {
  store: BlockStore;
  eventLog: EventLog;
  /** Throws StorageError if nothing may be stored now. */
  requireWritable?: () => void;
  /** Blocks that the log contained at the start, in order. */
  logged?: readonly LoggedBlock[];
  /** Repairs what the previous process left behind in the tables, and returns their highest block; `store.repair` by default. */
  repairAtStart?: () => Promise<number>;
  /** Called after the repair, which may store ids that a filter loaded earlier would report as new. */
  openSeenIds: () => Promise<SeenIds>;
  /** Called with the new rows of each block, and its number, before they are acknowledged. Must not throw. */
  onStored?: OnStored | undefined;
  /** While it returns true, appends are refused with StorageError `unavailable`. */
  isOverdue?: () => boolean;
  /** Runs each write to the log. */
  watch?: Watch;
  /** Called with each failure of a statement. */
  onFailure?: (error: unknown) => void;
  clock: Clock;
  log: Log;
  limits?: Partial<QueueLimits>;
  insertLimits?: Partial<InsertLimits>;
};

type State = {
  lastBlock: number;
  /** What was taken out of the queue last: all of it is answered before more is taken. */
  storing: Append[];
  feed: FeedSource;
  seenIds: SeenIds | undefined;
  inserter: Inserter;
  failures: FailureLog;
  /** Whether callers were rejected because a statement is overdue, which may succeed after all. */
  hasGivenUp: boolean;
};

/** Repairs what the previous process left behind, then returns a writer. Rejects when the repair fails. */
export async function openWriter(options: WriterOptions): Promise<Writer> {
  const { eventLog, isOverdue = () => false } = options;
  const limits = { ...QUEUE_LIMITS, ...options.limits };
  const queue = createAppendQueue(limits);
  const state = await openState(options);
  const pauses = createPauses();
  let isClosed = false;
  let work: Promise<void> | undefined;
  const drain = () =>
    drainQueue(options, state, { queue, pauses }, () => {
      work = undefined;
    });

  return {
    async append(rows) {
      if (isClosed) throw new StorageError('busy', 'The event store is closing');
      if (isOverdue()) throw overdue();
      const [first] = rows;
      if (first === undefined) return [];
      // Checked before encoding, so that rejecting a flood is cheap.
      if (queue.size().rows + rows.length > limits.rowsMax) throw queueFullError();
      const { promise, resolve, reject } = Promise.withResolvers<boolean[]>();
      const append = { ...encodeAppend(rows, limits), resolve, reject };
      if (!queue.push(first.project_id, append)) throw queueFullError();
      work ??= drain();
      return await promise;
    },
    pendingDerivation() {
      const pending = state.inserter.flush();
      if (pending === undefined || !isOverdue()) return pending;
      pending.catch(() => undefined);
      return Promise.reject(overdue());
    },
    feed: state.feed,
    isFailing: state.failures.isFailing,
    isBusy: state.inserter.isBusy,
    queue: () => ({ ...queue.size(), rowsMax: limits.rowsMax, bytesMax: limits.bytesMax }),
    giveUp() {
      state.hasGivenUp = true;
      state.failures.add(overdue(), 'storing events failed');
      rejectAll(state.storing, overdue());
      for (let waiting = queue.take(); waiting.length > 0; waiting = queue.take())
        rejectAll(waiting, overdue());
    },
    pause(run, pauseOptions) {
      const done = pauses.add(run, pauseOptions);
      work ??= drain();
      return done;
    },
    async close() {
      isClosed = true;
      await work;
      // What cannot be inserted stays in the log for the next start.
      await emptyLog(state, eventLog).catch(() => undefined);
      state.inserter.stop();
      state.seenIds?.stop();
      await eventLog.close();
    },
  };
}

async function openState(options: WriterOptions): Promise<State> {
  const { store, logged = [] } = options;
  const { repairAtStart = () => store.repair(logged[0]?.block) } = options;
  const lastBlock = Math.max(await repairAtStart(), logged.at(-1)?.block ?? 0);
  const state = createState(options, lastBlock);
  state.inserter.restore(logged);
  // What fails is logged. The store opens without these rows: queries and appends wait for them.
  await state.inserter.flush()?.catch(() => undefined);
  state.seenIds = await options.openSeenIds();
  return state;
}

function createState(options: WriterOptions, lastBlock: number): State {
  const { store, eventLog, insertLimits } = options;
  const failures = createFailureLog(options);
  const inserter = createInserter({
    ...{ store, log: eventLog, limits: { ...INSERT_LIMITS, ...insertLimits } },
    addSeen: (hashes) => state.seenIds?.add(hashes),
    onFailure: failures.add,
    onSuccess(wasFailing) {
      if (wasFailing || state.hasGivenUp) failures.end();
      state.hasGivenUp = false;
    },
  });
  const state: State = {
    ...{ lastBlock, storing: [], feed: createFeed(lastBlock), seenIds: undefined },
    ...{ inserter, failures, hasGivenUp: false },
  };
  return state;
}

async function emptyLog({ inserter }: State, eventLog: EventLog): Promise<void> {
  await inserter.flush();
  await eventLog.clear();
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
    await pauses.run(() => emptyLog(state, options.eventLog));
    state.storing = queue.take();
    if (state.storing.length === 0 && pauses.isEmpty()) break;
    if (state.storing.length === 0) continue;
    await storeAppends(options, state, state.storing);
    await setImmediate();
  }
  onEnd();
}

function queueFullError(): StorageError {
  return new StorageError('busy', 'Too many events wait to be stored');
}

function overdue(): StorageError {
  const message = 'A statement of the writer is overdue: the event store does not answer';
  return new StorageError('unavailable', message);
}

function rejectAll(appends: Append[], cause: unknown): void {
  const message = 'The events may be stored or not; send them again';
  for (const append of appends) append.reject(new StorageError('unavailable', message, cause));
}

/** Stores and answers some appends; never rejects. They are answered once their events are in the log, on disk. */
async function storeAppends(options: WriterOptions, state: State, appends: Append[]): Promise<void> {
  const { store, clock } = options;
  try {
    options.requireWritable?.();
    // Events that cannot be inserted are not acknowledged on top of those that are.
    if (state.inserter.isFailing()) await state.inserter.flush();
    await state.inserter.room();
    const { inserter, seenIds } = state;
    const block = formBlock(appends, (hash) => inserter.mayHave(hash) || (seenIds?.mayHave(hash) ?? true));
    const isNew = listIsNew(block, await findStored(store, state, block));
    const selected = selectNewRows(block, isNew);
    if (selected.rows.length > 0) {
      state.lastBlock = Math.max(state.lastBlock + 1, clock.now() * 1000);
      await storeRows(options, state, selected);
    }
    for (const [index, append] of appends.entries()) append.resolve(isNew[index] ?? []);
    if (!state.inserter.isFailing()) state.failures.end();
  } catch (error) {
    state.failures.add(error, 'storing events failed');
    rejectAll(appends, error);
  }
}

/** Stores rows as the block `lastBlock`, in the log or else in the tables, and publishes them. */
async function storeRows(
  { eventLog, onStored, watch = (write) => write() }: WriterOptions,
  { lastBlock, inserter, feed }: State,
  { rows, hashes, parts, ends }: SelectedRows,
): Promise<void> {
  const bytes = Buffer.concat(parts);
  fillInBlock({ bytes, ends }, lastBlock);
  await watch(() => eventLog.append(lastBlock, rows.length, bytes));
  inserter.stage(createLoggedBlock(lastBlock, { bytes, ends }, rows, hashes));
  try {
    if (!eventLog.isKept) await inserter.flush();
  } finally {
    // After a failure, they are inserted as soon as that is possible.
    onStored?.(rows, lastBlock);
    feed.publish(lastBlock, rows);
  }
}

/**
 * Returns the keys that are stored already. In the tables, only ids that the filter cannot prove new are looked up; ids of
 * blocks that may not be in the tables yet are known.
 */
async function findStored(
  store: BlockStore,
  { inserter, seenIds }: State,
  block: Block,
): Promise<Set<string>> {
  const unknown = new Map<string, EventRow>();
  const stored = new Set<string>();
  for (const { row, key, hash } of block.suspects) {
    if (inserter.has(key, hash)) stored.add(key);
    else if (seenIds?.mayHave(hash) ?? true) unknown.set(key, row);
  }
  if (unknown.size === 0) return stored;
  for (const key of await store.findStored([...unknown.values()])) stored.add(key);
  return stored;
}
