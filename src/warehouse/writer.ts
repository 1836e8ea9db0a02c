import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { StorageError } from '../lib/storage-error.ts';
import { type Append, createAppendQueue, type QueueLimits } from './append-queue.ts';
import { answers, type Block, formBlock, freshRows } from './block.ts';
import type { BlockStore } from './block-store.ts';
import { encodeRow } from './event-columns.ts';
import type { EventRow } from './event-row.ts';
import { createFeed, type Feed, type FeedSource } from './feed.ts';
import { eventKey, hashKey } from './id-filter.ts';
import type { SeenIds } from './seen-ids.ts';

/** The only way events get into the store. */
export type Writer = {
  /**
   * Resolves once the rows are on disk: for each row `true` when it was stored now, `false` when its
   * (project, event id) was stored before. Rejects with StorageError `busy` when the queue is full (nothing
   * was done) or `unavailable` when the outcome is unknown, and with TypeError for a malformed row.
   */
  append(rows: EventRow[]): Promise<boolean[]>;
  /**
   * Resolves when what follows from all that was answered so far is written too (a first-seen time comes some
   * milliseconds after its event); undefined when it is. The next block repairs what failed. Rejects with StorageError
   * `unavailable` while a statement is overdue.
   */
  derived(): Promise<void> | undefined;
  /** What is stored from now on, told before `append` resolves. */
  feed: Feed;
  /** What waits now, and what may. */
  queue(): { rows: number; bytes: number; rowsMax: number; bytesMax: number };
  /** Whether the last events could not be stored, and none since. */
  isFailing(): boolean;
  /**
   * Rejects all that waits with StorageError `unavailable`. The statement that runs is still waited for: what follows
   * could overtake it.
   */
  giveUp(): void;
  /** Refuses further appends, stores what waits, then resolves. */
  close(): Promise<void>;
};

export type WriterOptions = {
  store: BlockStore;
  /** Called after the repair, which may store ids that a filter loaded earlier would call new. */
  openSeenIds: () => Promise<SeenIds>;
  /** While it returns true, appends are refused with StorageError `unavailable`. */
  isOverdue?: () => boolean;
  clock: Clock;
  log: Log;
  limits?: Partial<QueueLimits>;
};

const REPAIR_ATTEMPTS = 5;
const REPAIR_RETRY_MS = 50;

const LIMITS_DEFAULT: QueueLimits = {
  rowsMax: 100_000,
  bytesMax: 64_000_000,
  blockRowsMax: 10_000,
  blockBytesMax: 16_000_000,
};

/** Repairs what the last process left behind, then returns a writer. Rejects when the repair fails. */
export async function openWriter(options: WriterOptions): Promise<Writer> {
  const { store, isOverdue = () => false } = options;
  const limits = { ...LIMITS_DEFAULT, ...options.limits };
  const queue = createAppendQueue(limits);
  const lastBlock = await store.repair();
  const seenIds = await options.openSeenIds();
  const state: State = {
    lastBlock,
    storing: [],
    feed: createFeed(lastBlock),
    isDamaged: false,
    isClosed: false,
    seenIds,
    derived: undefined,
    failing: undefined,
  };
  let work: Promise<void> | undefined;

  async function drain(): Promise<void> {
    // One turn of the event loop: requests that arrived together become one block, not one and the rest.
    await setImmediate();
    for (state.storing = queue.take(); state.storing.length > 0; state.storing = queue.take()) {
      if (state.isDamaged) await repair(options, state);
      await storeAppends(options, state, state.storing);
      await setImmediate();
    }
    work = undefined;
  }

  return {
    async append(rows) {
      if (state.isClosed) throw new StorageError('busy', 'The event store is closing');
      if (isOverdue()) throw overdue();
      const [first] = rows;
      if (first === undefined) return [];
      // Before the work of encoding, so that a flood is refused cheaply.
      if (queue.size().rows + rows.length > limits.rowsMax) throw full();
      const { promise, resolve, reject } = Promise.withResolvers<boolean[]>();
      const append = { ...encode(rows, limits), resolve, reject };
      if (!queue.push(first.project_id, append)) throw full();
      work ??= drain();
      return await promise;
    },
    derived: () => (state.derived !== undefined && isOverdue() ? Promise.reject(overdue()) : state.derived),
    feed: state.feed,
    isFailing: () => state.failing !== undefined,
    queue: () => ({ ...queue.size(), rowsMax: limits.rowsMax, bytesMax: limits.bytesMax }),
    giveUp() {
      noteFailure(options, state, overdue(), 'storing events failed');
      rejectAll(state.storing, overdue());
      for (let waiting = queue.take(); waiting.length > 0; waiting = queue.take())
        rejectAll(waiting, overdue());
    },
    async close() {
      state.isClosed = true;
      await work;
      state.seenIds.stop();
    },
  };
}

function full(): StorageError {
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
  if (rows.length > limits.blockRowsMax) throw new TypeError(`More than ${limits.blockRowsMax} rows at once`);
  const lines = rows.map(encodeRow);
  const bytes = lines.reduce((sum, line) => sum + line.length, 0);
  return { rows, keys: rows.map((row) => eventKey(row.project_id, row.event_id)), lines, bytes };
}

type State = {
  lastBlock: number;
  /** What was taken out of the queue last: all of it is answered before more is taken. */
  storing: Append[];
  feed: FeedSource;
  isDamaged: boolean;
  isClosed: boolean;
  seenIds: SeenIds;
  derived: Promise<void> | undefined;
  /** Since when, and how often so far, what was tried failed; undefined while all is well. */
  failing: { since: number; times: number } | undefined;
};

/** Logs the first failure with its cause; what follows it, one for each request, would only fill the disk. */
function noteFailure({ log, clock }: WriterOptions, state: State, err: unknown, what: string): void {
  if (state.failing === undefined) log.error({ err }, `${what}; logged again when events are stored again`);
  state.failing ??= { since: clock.now(), times: 0 };
  state.failing.times += 1;
}

function noteSuccess({ log, clock }: WriterOptions, state: State): void {
  if (state.failing === undefined) return;
  const { since, times } = state.failing;
  log.warn({ failures: times, forMs: clock.now() - since }, 'events are stored again');
  state.failing = undefined;
}

/**
 * Stores and answers some appends; never rejects. They are answered once their events are on disk: what follows from
 * them can be derived again, and whoever asks a question waits for it. Damage is anything between the events and what
 * follows from them: it is assumed until the last insert succeeded, and while it is there nothing may be inserted.
 */
async function storeAppends(options: WriterOptions, state: State, appends: Append[]): Promise<void> {
  try {
    if (state.isDamaged) throw new StorageError('unavailable', 'The event store is being repaired');
    const block = formBlock(appends);
    const stored = await findStored(options.store, state.seenIds, block);
    const { rows, lines } = freshRows(block, stored);
    if (rows.length > 0) {
      state.lastBlock = Math.max(state.lastBlock + 1, options.clock.now() * 1000);
      state.isDamaged = true;
      await options.store.insertEvents(lines, state.lastBlock);
      state.feed.tell(state.lastBlock, rows);
      state.derived = derive(options, state, rows);
    }
    for (const [index, isNew] of answers(block, stored).entries()) appends[index]?.resolve(isNew);
    // The next block looks its ids up in what this one derives.
    await state.derived;
  } catch (error) {
    noteFailure(options, state, error, 'storing events failed');
    rejectAll(appends, error);
  }
}

/** Who was answered is owed this, so a failure is repaired at once; what stays broken, the next block tries again. */
async function derive(options: WriterOptions, state: State, rows: EventRow[]): Promise<void> {
  try {
    await options.store.insertDerived(rows, state.lastBlock);
    state.isDamaged = false;
  } catch (error) {
    noteFailure(options, state, error, 'deriving from events failed');
    for (let attempt = 1; state.isDamaged && attempt <= REPAIR_ATTEMPTS; attempt += 1) {
      await setTimeout(attempt * REPAIR_RETRY_MS);
      await repair(options, state);
    }
  } finally {
    state.derived = undefined;
    if (!state.isDamaged) noteSuccess(options, state);
  }
}

/** Derives again what may be missing. Never rejects: damage that stays is noted, and nothing is inserted meanwhile. */
async function repair(options: WriterOptions, state: State): Promise<void> {
  try {
    state.lastBlock = Math.max(state.lastBlock, await options.store.repair());
    state.isDamaged = false;
    // An insert that failed may have stored its events all the same: its retry finds duplicates, and tells nobody.
    state.feed.tell(state.lastBlock);
  } catch (error) {
    noteFailure(options, state, error, 'repairing the event store failed, the next events try again');
  }
}

/** Looks up only what the filter cannot prove new, and tells the filter of what is about to be inserted. */
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
