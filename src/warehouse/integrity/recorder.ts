import { MINUTE_MS } from '../../lib/durations.ts';
import type { Log } from '../../lib/log.ts';
import { runPeriodically } from '../../lib/periodic.ts';
import { createTurns } from '../../lib/turns.ts';
import type { Gateway } from '../engine/gateway.ts';
import type { Deletion } from './deletion.ts';
import { type Ledger, takeLedger, writeLedger } from './ledger.ts';
import { KEPT_TABLES } from './lost-rows.ts';
import { countDeleted } from './run-deletion.ts';

/** Keeps the ledger of an open store up to date. */
export type Recorder = {
  /** Starts recording once per minute. */
  start(gateway: Gateway): void;
  /** Records now. Never rejects: an older record is still true. */
  record(gateway: Gateway): Promise<void>;
  /** Runs work that changes definitions, between two records. Rejects with what it fails with. */
  redefine(gateway: Gateway, work: () => Promise<void>): Promise<void>;
  /** Runs work that deletes rows of a table other than `events`, between two records. Rejects with what it fails with. */
  removeRows(gateway: Gateway, table: string, work: () => Promise<void>): Promise<void>;
  /**
   * Runs work that deletes events, which are on record before it starts, so that they count as deleted and not as lost. If
   * it fails, nothing is recorded until it has succeeded, which the next call and the next start try first. Rejects with
   * what it fails with.
   */
  expectDeletion(gateway: Gateway, deletion: Deletion, work: () => Promise<void>): Promise<void>;
  /** Records a last time. */
  stop(gateway: Gateway): Promise<void>;
};

type RecorderOptions = { log: Log; noteEvents?: (events: number) => Promise<void> };

/** Returns the recorder of the store in `folder`. */
export function createRecorder(folder: string, { log, noteEvents }: RecorderOptions): Recorder {
  let last = '';
  let stopTimer: (() => Promise<void>) | undefined;
  /** A deletion that failed: any number of its events may be left, so it goes before everything else. */
  let unfinished: (() => Promise<void>) | undefined;

  // One after another: two writes at a time would mix in the same draft.
  const { run: inTurn } = createTurns();
  const record = (gateway: Gateway) => inTurn(() => recordNow(gateway));

  async function recordNow(gateway: Gateway): Promise<void> {
    if (unfinished) return;
    try {
      const ledger = await takeLedger(gateway, folder);
      if (JSON.stringify(ledger) === last) return;
      await writeLedger(folder, ledger);
      await noteEvents?.(ledger.events);
      last = JSON.stringify(ledger);
    } catch (error) {
      // The older record is still true.
      log.warn({ err: error }, 'what the event store contains could not be recorded');
    }
  }

  async function deleteNow(gateway: Gateway, deletion: Deletion, work: () => Promise<void>): Promise<void> {
    await finish();
    await expectFewer(gateway, deletion, { folder, noteEvents });
    last = '';
    unfinished = work;
    await finish();
    await recordNow(gateway);
  }

  async function finish(): Promise<void> {
    await unfinished?.();
    unfinished = undefined;
  }

  async function changeNow(
    gateway: Gateway,
    forget: (ledger: Ledger) => Ledger,
    work: () => Promise<void>,
  ): Promise<void> {
    await finish();
    // After a crash during the work, the record must not contain what the work has changed.
    await writeLedger(folder, forget(await takeLedger(gateway, folder)));
    last = '';
    try {
      await work();
    } finally {
      await recordNow(gateway);
    }
  }

  return {
    record,
    start(gateway) {
      // `record` itself never rejects.
      stopTimer = runPeriodically({ everyMs: MINUTE_MS, run: () => record(gateway), onError: () => {} });
    },
    redefine: (gateway, work) =>
      inTurn(() => changeNow(gateway, (ledger) => ({ ...ledger, definitions: {} }), work)),
    removeRows: (gateway, table, work) =>
      inTurn(() => changeNow(gateway, (ledger) => withoutParts(ledger, (name) => name === table), work)),
    expectDeletion: (gateway, deletion, work) => inTurn(() => deleteNow(gateway, deletion, work)),
    async stop(gateway) {
      await stopTimer?.();
      await record(gateway);
    },
  };
}

/** Whether a deletion of events also deletes rows of a table. */
const isChanged = (table: string) => table !== 'events' && !KEPT_TABLES.some((kept) => kept === table);

/** Records that events are about to be deleted, and how many there are without them. */
async function expectFewer(
  gateway: Gateway,
  deletion: Deletion,
  { folder, noteEvents }: { folder: string; noteEvents: RecorderOptions['noteEvents'] },
): Promise<void> {
  const ledger = await takeLedger(gateway, folder);
  // Counted after the ledger was taken: what arrived in between is deleted as well, and must not be missed later.
  const events = ledger.events - (await countDeleted(gateway, deletion));
  // First outside of the store: a record that is too low reports nothing, one that is too high a loss.
  await noteEvents?.(events);
  await writeLedger(folder, { ...withoutParts(ledger, isChanged), events, deletion });
}

/** A part whose rows are all deleted disappears, which is no damage. */
function withoutParts(ledger: Ledger, isForgotten: (table: string) => boolean): Ledger {
  const tables = Object.entries(ledger.tables).map(([name, table]) => [
    name,
    isForgotten(name) ? { ...table, parts: {} } : table,
  ]);
  return { ...ledger, tables: Object.fromEntries(tables) };
}
