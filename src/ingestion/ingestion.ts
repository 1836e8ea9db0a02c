import type { Control } from '../control/open.ts';
import { whenFree } from '../control/open.ts';
import type { Clock } from '../lib/clock.ts';
import { DAY_MS, HOUR_MS } from '../lib/durations.ts';
import type { Log } from '../lib/log.ts';
import { runPeriodically } from '../lib/periodic.ts';
import {
  type CountFilter,
  KEPT_DAYS,
  listCounts,
  type PeriodCounts,
  pruneCounts,
  saveCells,
} from './count-store.ts';
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
  pruneSamples,
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
  returnCells,
  type Source,
  type Tally,
  takeCells,
} from './tally.ts';
import { toSampleRow } from './to-sample-row.ts';

/** A batch that was answered with 200: its valid events, which of them were stored, and those that were rejected. */
export type AnsweredBatch = Source & {
  rows: readonly { app_id: string; sdk: string }[];
  stored: readonly boolean[];
  rejected: readonly RejectedEvent[];
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
  /** Deletes the samples that match, written or not. Returns how many. */
  deleteSamples: (projectId: string, matches: SampleMatch) => Promise<number>;
  /** Writes counts and samples. If it fails, they are kept for the next flush. */
  flush: () => Promise<void>;
  /** Flushes and stops. */
  close: () => Promise<void>;
};

const FLUSH_EVERY_MS = 10_000;
const PRUNE_EVERY_MS = HOUR_MS;
const KEPT_MS = KEPT_DAYS * DAY_MS;

type State = { control: Control; tally: Tally; buffer: SampleBuffer; prunedAt: number };

/** Opens ingestion health. From then on it is flushed every 10 s. */
export function openIngestion(control: Control, clock: Clock, log: Log): Ingestion {
  const state: State = {
    control,
    tally: createTally(),
    buffer: createSampleBuffer(),
    prunedAt: clock.now(),
  };
  let running: Promise<unknown> = Promise.resolve();
  // One after another: what is being written is in neither memory nor database for a moment.
  function inTurn<T>(step: () => Promise<T>): Promise<T> {
    const turn = running.then(step);
    running = turn.catch(() => undefined);
    return turn;
  }
  const flush = () => whenFree(() => inTurn(() => save(state, clock.now())));
  return {
    countBatch: (batch) => countBatch(state, batch, clock.now()),
    countRefused: (request) => countRefused(state, request, clock.now()),
    countLinkConflict: (event) => countLinkConflict(state, event, clock.now()),
    listCounts: (filter) => inTurn(() => listCounts(control, filter, state.tally.cells.values())),
    listSamples: (filter, page) =>
      inTurn(() => listSamples(control, filter, listBuffered(state.buffer, filter.projectId), page)),
    deleteSamples: (projectId, matches) =>
      inTurn(async () => {
        const waiting = removeBuffered(state.buffer, projectId, (row) => matches(toMatched(row)));
        return waiting + (await deleteStored(control, projectId, matches));
      }),
    flush,
    close: startFlushing(flush, log),
  };
}

function countBatch({ tally, buffer }: State, batch: AnsweredBatch, nowMs: number): void {
  countStored(tally, batch, nowMs);
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
    if (row.app_id !== last?.app_id || row.sdk !== last.sdk)
      cell = findCell(tally, batch, { nowMs, appId: row.app_id, sdk: row.sdk });
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
  const source = { projectId: event.project_id, keyId: event.key_id };
  const cell = findCell(tally, source, { nowMs, appId: event.app_id, sdk: event.sdk });
  if (cell) cell.linkConflicts += 1;
}

async function save(state: State, now: number): Promise<void> {
  const { control, tally, buffer } = state;
  const isPruning = now - state.prunedAt >= PRUNE_EVERY_MS;
  if (tally.cells.size === 0 && buffer.size === 0 && !isPruning) return;
  const cells = takeCells(tally);
  const samples = takeSamples(buffer);
  try {
    await control.db.transaction().execute(async (tx) => {
      await saveCells(tx, cells);
      await saveSamples(tx, samples);
      if (!isPruning) return;
      await pruneCounts(tx, now - KEPT_MS);
      await pruneSamples(tx, now - KEPT_MS);
    });
  } catch (error) {
    returnCells(tally, cells);
    returnSamples(buffer, samples);
    throw error;
  }
  if (isPruning) state.prunedAt = now;
}

/** Flushes periodically. Returns the function that stops it, with a last flush. */
function startFlushing(flush: () => Promise<void>, log: Log): () => Promise<void> {
  const onError = (err: unknown) => log.warn({ err }, 'ingestion health was not saved');
  const stop = runPeriodically({ everyMs: FLUSH_EVERY_MS, run: flush, onError, startsNow: false });
  return async () => {
    await Promise.all([stop(), flush().catch(onError)]);
  };
}
