import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Gateway } from '../engine/gateway.ts';
import { describeDamage } from './damage-error.ts';
import { type Damage, findDamage, listGoneParts } from './find-damage.ts';
import { setDamageAside } from './kept-tables.ts';
import { writeLedger } from './ledger.ts';
import { createLossReport, type LossReport } from './loss-report.ts';
import { readBefore } from './read-before.ts';
import { createReadDerived, type ReadDerived } from './read-derived.ts';
import { dropDrafts } from './rebuild.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import { repairDamage } from './repair-damage.ts';
import { runDeletion } from './run-deletion.ts';

/** Compares the event store with what was recorded of it, and records it again. */
export type Integrity = Omit<Recorder, 'record'> &
  Pick<LossReport, 'noteLostRows'> & {
    /**
     * Call it before migrations, which change definitions: these are not compared until the next record. `isFirst` says that
     * no release that writes a ledger has opened the store yet; otherwise a missing ledger is still reported.
     */
    expectMigrations(isFirst: boolean): Promise<void>;
    /**
     * Runs work of a start that reads derived tables. One that turns out to be damaged is derived from all events again, and
     * the work is repeated. Where that is not possible, `otherwise` takes its place. Rejects with what they fail with.
     */
    readDerived: ReadDerived;
    /**
     * Finds and records what was lost, and derives damaged tables again, so that IDs of lost events do not count as
     * duplicates. Call it after the repair of the last block and before IDs are read.
     */
    check(gateway: Gateway): Promise<void>;
    /**
     * Finishes the deletion that was under way when the store was last open, if there is one. Call it before anything is
     * derived. Never rejects: what is left can be deleted later, and only the log says so.
     */
    finishDeletion(gateway: Gateway): Promise<void>;
    /** Records what is lost of tables that cannot be derived again, and moves damaged parts aside. Call it before they are read. */
    checkKept(gateway: Gateway): Promise<void>;
    /** Remembers that stored data could not be read, if that is why a statement failed. */
    noteFailure(error: unknown): void;
    /** What is lost or cannot be read, as sentences with what to do; empty if nothing is. */
    listProblems(): string[];
  };

/** What records the number of events outside of the store as well, which an older copy of its folder does not replace. */
export type EventCount = {
  /** How many there must be at least. */
  knownEvents?: number;
  /** Records how many there are. */
  noteEvents?: (events: number) => Promise<void>;
};

type IntegrityOptions = EventCount & { log: Log; clock: Clock };

/** Returns the integrity checks of the store in `folder`, which is not open yet. Rejects as `readBefore` does. */
export async function openIntegrity(folder: string, options: IntegrityOptions): Promise<Integrity> {
  const { log, clock, knownEvents } = options;
  const before = await readBefore(folder, knownEvents);
  const { noteLostRows, ...losses } = createLossReport(folder, options);
  const problems = new Set<string>();
  const recorder = createRecorder(folder, options);

  /** A crash right after a table was replaced must not leave the old definition on record. */
  async function forgetDefinitions(): Promise<void> {
    if (typeof before.ledger === 'string') return;
    before.ledger = { ...before.ledger, definitions: {} };
    await writeLedger(folder, before.ledger);
  }

  async function repair(gateway: Gateway, damage: Damage): Promise<void> {
    log.error({ damage }, 'the event store is damaged');
    await forgetDefinitions();
    for (const problem of await repairDamage(gateway, folder, damage, { clock, noteLostRows }))
      problems.add(problem);
    if (problems.size === 0) log.warn('what depends on the damaged parts was derived again');
    await recorder.record(gateway);
  }

  return {
    ...recorder,
    noteLostRows,
    checkKept: (gateway) => setDamageAside(gateway, before, ({ table, parts }) => noteLostRows(table, parts)),
    async expectMigrations(isFirst) {
      if (before.ledger === 'missing' && isFirst) before.ledger = { events: 0, definitions: {}, tables: {} };
      await forgetDefinitions();
    },
    readDerived: createReadDerived(log, forgetDefinitions, noteLostRows),
    async finishDeletion(gateway) {
      const { ledger } = before;
      if (typeof ledger === 'string' || ledger.deletion === undefined) return;
      try {
        await runDeletion(gateway, ledger.deletion);
        log.warn('a deletion of events that was interrupted is finished');
      } catch (err) {
        log.error({ err }, 'a deletion of events that was interrupted could not be finished');
      }
    },
    async check(gateway) {
      await dropDrafts(gateway);
      const damage = await findDamage(gateway, before);
      // The repair of the last block derived what these contained.
      const parts = await listGoneParts(gateway, before, 'event_ids');
      if (parts.length > 0)
        log.warn({ parts }, 'parts of event_ids are damaged or gone: what they contained is there again');
      if (damage !== undefined) await repair(gateway, damage);
      await losses.read();
      for (const problem of problems) log.error(problem);
    },
    noteFailure(error) {
      const problem = describeDamage(error);
      if (problem === undefined || problems.has(problem)) return;
      log.error({ err: error }, problem);
      problems.add(problem);
    },
    listProblems: () => [...losses.list(), ...problems],
  };
}
