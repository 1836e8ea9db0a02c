import type { Control, ControlTransaction } from '../control/control.ts';
import { createMarkedWrites, type MarkedWrites } from '../control/marked-writes.ts';
import { whenFree } from '../control/open-sqlite.ts';
import { type DroppedRows, saveRows } from '../control/save-rows.ts';
import type { Clock } from '../lib/clock.ts';
import { StorageError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { flushPeriodically } from '../lib/periodic.ts';
import { createTurns } from '../lib/turns.ts';
import { COUNT_KEY, type CountFilter, listCounts, saveCounts, toCountRows } from './count-store.ts';
import { listCollisions, NAME_KEY, type NameCollision, type NameFilter, saveNames } from './name-store.ts';
import {
  countName,
  createNameTally,
  type NameRow,
  type NameTally,
  returnNames,
  type SentName,
  takeNames,
} from './name-tally.ts';
import type { PeriodCounts } from './period-sums.ts';
import { type RejectedEvent, toSdk } from './rejected-event.ts';
import {
  addSample,
  createSampleBuffer,
  listBuffered,
  removeBuffered,
  returnSamples,
  type SampleBuffer,
  type SampleRow,
  takeSamples,
} from './sample-buffer.ts';
import {
  deleteStored,
  listSamples,
  type SampleFilter,
  type SampleMatch,
  saveSamples,
  toMatched,
} from './sample-store.ts';
import {
  type Cell,
  countCode,
  createTally,
  findCell,
  recallSender,
  rememberSender,
  returnCells,
  type Source,
  type Tally,
  takeCells,
} from './tally.ts';
import { toSampleRow } from './to-sample-row.ts';

/** A batch that was answered with 200: its valid events, which of them were stored, and those that were rejected. */
export type AnsweredBatch = Source & {
  rows: readonly { app_id: string; sdk: string; event_name: string }[];
  stored: readonly boolean[];
  rejected: readonly RejectedEvent[];
  /** The names that its stored events were sent with, if names were normalized. */
  sentNames?: readonly SentName[];
};

/** A request that was turned away as a whole. `appId` is empty if it is unknown, `sdk` whatever the request names. */
export type RefusedRequest = Source & { appId: string; sdk: unknown; code: string };

/** An event that is stored, but links an ID of someone else. */
export type ConflictingEvent = { project_id: string; app_id: string; key_id: string; sdk: string };

/** Ingestion health: what became of events, counted in memory and written to the database periodically. */
export type Ingestion = {
  /** Counts the events of a batch and keeps its samples. Costs no statement. */
  countBatch: (batch: AnsweredBatch) => void;
  /** Counts a refused request once. Costs no statement. */
  countRefused: (request: RefusedRequest) => void;
  /** Counts a link without effect. Costs no statement. */
  countLinkConflict: (event: ConflictingEvent) => void;
  /** Returns counts, those that are not written yet included; undefined if they are too many for one answer. */
  listCounts: (filter: CountFilter) => Promise<PeriodCounts[] | undefined>;
  /** Returns at most `limit` samples before an ID, newest first. */
  listSamples: (
    filter: SampleFilter,
    page: { before: string | undefined; limit: number },
  ) => Promise<SampleRow[]>;
  /** Returns the names of stored events that stand for several sent ones, without what is not written yet. */
  listCollisions: (filter: NameFilter) => Promise<NameCollision[]>;
  /** Deletes the samples that match, written or not. Returns how many. */
  deleteSamples: (projectId: string, matches: SampleMatch) => Promise<number>;
  /** Writes counts and samples. If it fails, they are kept for the next flush. */
  flush: () => Promise<void>;
  /** Flushes and stops. */
  close: () => Promise<void>;
};

const FLUSH_EVERY_MS = 10_000;
/** Cells, or names: a write of that many takes some ten milliseconds. */
const ROWS_PER_WRITE = 500;
const DROPPED = 'counts, samples or names of ingestion health cannot be stored and were dropped';

type State = {
  control: Control;
  tally: Tally;
  buffer: SampleBuffer;
  names: NameTally;
  writes: MarkedWrites;
  log: Log;
};

/** Opens ingestion health. From then on it is flushed every 10 s. */
export function openIngestion(control: Control, clock: Clock, log: Log): Ingestion {
  const state: State = {
    control,
    tally: createTally(),
    buffer: createSampleBuffer(),
    names: createNameTally(),
    writes: createMarkedWrites(control, clock),
    log,
  };
  // One after another: what is being written is in neither memory nor database for a moment. A read does not wait for all writes of a
  // flush; a write waits for the whole of each read before it.
  const { run: inTurn } = createTurns();
  /** Each row is in memory or in the database once: after a lost answer, only when its outcome is known. */
  const readInTurn = <T>(read: () => Promise<T>) => inTurn(() => state.writes.settle().then(read));
  async function flush(): Promise<void> {
    const refusals: unknown[] = [];
    const saveInTurn = (step: () => Promise<void>) =>
      whenFree(() => inTurn(step)).catch((error: unknown) => {
        // A database that does not answer would only make us wait again; other rows may be saved all the same.
        if (error instanceof StorageError) throw error;
        refusals.push(error);
      });
    // What is counted meanwhile waits for the next flush.
    for (let writes = Math.ceil(state.tally.cells.size / ROWS_PER_WRITE); writes > 0; writes -= 1)
      await saveInTurn(() => saveSome(state));
    await saveInTurn(() => saveBuffered(state));
    for (let writes = Math.ceil(state.names.size / ROWS_PER_WRITE); writes > 0; writes -= 1)
      await saveInTurn(() => saveCountedNames(state));
    if (refusals.length > 0) throw refusals[0];
  }
  return {
    countBatch: (batch) => countBatch(state, batch, clock.now()),
    countRefused: (request) => countRefused(state, request, clock.now()),
    countLinkConflict: (event) => countLinkConflict(state, event, clock.now()),
    listCounts: (filter) => readInTurn(() => listCounts(control, filter, state.tally.cells.values())),
    listSamples: (filter, page) =>
      readInTurn(() => listSamples(control, filter, listBuffered(state.buffer, filter.projectId), page)),
    listCollisions: (filter) => listCollisions(control, filter),
    deleteSamples: (projectId, matches) =>
      readInTurn(async () => {
        const waiting = removeBuffered(state.buffer, projectId, (row) => matches(toMatched(row)));
        return waiting + (await deleteStored(control, projectId, matches));
      }),
    flush,
    close: startFlushing(flush, state.writes, log),
  };
}

function countBatch({ tally, buffer, names }: State, batch: AnsweredBatch, nowMs: number): void {
  countStored(tally, batch, nowMs);
  for (const sent of batch.sentNames ?? []) countName(names, batch.projectId, sent, nowMs);
  for (const event of batch.rejected) {
    const { appId, sdk, code, sample } = event;
    const cell = findCell(tally, batch, { nowMs, appId, sdk });
    if (cell) countCode(cell.rejected, code);
    if (sample) addSample(buffer, toSampleRow(batch, event, sample, nowMs));
  }
}

function countStored(tally: Tally, batch: AnsweredBatch, nowMs: number): void {
  let cell: Cell | undefined;
  let last: AnsweredBatch['rows'][number] | undefined;
  for (const [index, row] of batch.rows.entries()) {
    // The events of a batch are usually of one app and one SDK.
    const { app_id: appId, sdk } = row;
    if (appId !== last?.app_id || sdk !== last.sdk) cell = findCell(tally, batch, { nowMs, appId, sdk });
    if (row.event_name === '$identify') rememberSender(tally, batch, { appId, sdk });
    last = row;
    if (!cell) continue;
    cell[batch.stored[index] ? 'accepted' : 'duplicates'] += 1;
  }
}

function countRefused({ tally }: State, request: RefusedRequest, nowMs: number): void {
  const { appId, sdk, code } = request;
  const cell = findCell(tally, request, { nowMs, appId, sdk: toSdk(sdk) });
  if (cell) countCode(cell.refused, code);
}

function countLinkConflict({ tally }: State, event: ConflictingEvent, nowMs: number): void {
  const at = { appId: event.app_id, sdk: event.sdk };
  const key = { projectId: event.project_id, keyId: event.key_id };
  // Links are derived after the answer, from what is stored, which does not say what sent it.
  const source = { ...key, sdkId: recallSender(tally, key, at) };
  const cell = findCell(tally, source, { nowMs, ...at });
  if (cell) cell.linkConflicts += 1;
}

async function saveSome({ tally, writes, log }: State): Promise<void> {
  let cells: Cell[] = [];
  let dropped: DroppedRows | undefined;
  const save = async (tx: ControlTransaction) => {
    cells = takeCells(tally, ROWS_PER_WRITE);
    const rows = cells.flatMap(toCountRows);
    dropped = await saveRows(tx, rows, (some) => saveCounts(tx, some), COUNT_KEY);
  };
  await writes.run(save, {
    onSaved: () => logDropped(log, dropped),
    onUndone: () => returnCells(tally, cells),
  });
}

async function saveBuffered({ buffer, writes, log }: State): Promise<void> {
  if (buffer.size === 0) return;
  let samples: ReturnType<typeof takeSamples> = new Map();
  let dropped: DroppedRows | undefined;
  const save = async (tx: ControlTransaction) => {
    samples = takeSamples(buffer);
    const rows = [...samples.values()].flat();
    dropped = await saveRows(tx, rows, (some) => saveSamples(tx, some));
  };
  await writes.run(save, {
    onSaved: () => logDropped(log, dropped),
    onUndone: () => returnSamples(buffer, samples),
  });
}

async function saveCountedNames({ names, writes, log }: State): Promise<void> {
  let taken: NameRow[] = [];
  let dropped: DroppedRows | undefined;
  const save = async (tx: ControlTransaction) => {
    taken = takeNames(names, ROWS_PER_WRITE);
    dropped = await saveRows(tx, taken, (some) => saveNames(tx, some), NAME_KEY);
  };
  await writes.run(save, {
    onSaved: () => logDropped(log, dropped),
    onUndone: () => returnNames(names, taken),
  });
}

function logDropped(log: Log, dropped: DroppedRows | undefined): void {
  if (dropped) log.error({ err: dropped.error, rows: dropped.count }, DROPPED);
}

/** Flushes periodically. Returns the function that stops it, with a last flush. */
function startFlushing(flush: () => Promise<void>, writes: MarkedWrites, log: Log): () => Promise<void> {
  const onError = (err: unknown) => log.warn({ err }, 'ingestion health was not saved');
  const stop = flushPeriodically({ everyMs: FLUSH_EVERY_MS, run: flush, onError });
  return () => stop().then(writes.close);
}
