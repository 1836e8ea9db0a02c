import type { Clock } from '../../lib/clock.ts';
import { MINUTE_MS, SECOND_MS } from '../../lib/durations.ts';
import type { Turns } from '../../lib/turns.ts';
import type { Gateway } from '../engine/gateway.ts';
import { findDamagedFile, mayBeDamage } from '../integrity/damage-error.ts';
import { DERIVED_TABLES, type DerivedTable } from '../integrity/derive-sql.ts';
import { checkTable, listDerivedIds, tableIdOf } from '../integrity/find-damaged-table.ts';
import type { Integrity } from '../integrity/integrity.ts';
import { dropDraft } from '../integrity/rebuild.ts';
import { type Pause, rebuildInUse } from '../integrity/rebuild-in-use.ts';
import { describeFailure } from '../integrity/repair-damage.ts';
import { createJobs, type JobsOptions } from './jobs.ts';

/** Derives damaged tables again while the store is in use: events are stored and queries answered meanwhile. */
export type Mender = {
  /** Call it with what a statement failed with. If a derived table is damaged, it is derived again. */
  noteFailure(error: unknown): void;
  /** Which tables are damaged, as sentences; empty if none is. */
  listProblems(): string[];
  /** Ends what it does. The next start notices the damage again. */
  stop(): Promise<void>;
};

export type MenderOptions = JobsOptions & {
  control: Pick<Gateway, 'query'>;
  /** Runs work while no block is being stored. */
  pause: Pause;
  integrity: Pick<Integrity, 'redefine' | 'noteFailure' | 'noteLostRows'>;
  /** Shared with what deletes events: see `DeletionsOptions`. */
  turns: Turns;
  clock: Clock;
};

/** Reading the files of all derived tables takes about two seconds per gigabyte: not while a start is busy. */
const CHECK_AFTER_MS = SECOND_MS;
const CHECK_AGAIN_MS = 10 * MINUTE_MS;

/** Checks all files of derived tables soon, in the background, and derives again what is damaged then or later. */
export async function startMender(options: MenderOptions): Promise<Mender> {
  const { integrity, clock, log, turns } = options;
  const problems = new Map<DerivedTable, string>();
  /** Each is derived again once: where that does not help, the disk or the memory is broken. */
  const mended = new Set<DerivedTable>();
  const ids = await openTableIds(options.control);
  const jobs = createJobs(options);
  const timer = setTimeout(() => jobs.queue(check), CHECK_AFTER_MS).unref();
  let checkedAt = clock.now();

  async function check(gateway: Gateway, signal: AbortSignal): Promise<void> {
    for (const table of DERIVED_TABLES) {
      const [part] = await checkTable(gateway, table, signal);
      if (part !== undefined) mend(table, `part ${part.name}, ${part.reason}`);
    }
  }

  function checkAgain(): void {
    if (clock.now() < checkedAt + CHECK_AGAIN_MS) return;
    checkedAt = clock.now();
    jobs.queue(check);
  }

  function mend(table: DerivedTable, what: string): void {
    if (problems.has(table)) return;
    const isAgain = mended.has(table);
    problems.set(table, isAgain ? describeAgain(table, what) : describeMending(table, what));
    log.error(problems.get(table));
    if (!isAgain) jobs.queue((gateway, signal) => mendNow(gateway, table, signal));
  }

  async function mendNow(gateway: Gateway, table: DerivedTable, signal: AbortSignal): Promise<void> {
    try {
      await turns.run(() => rebuildInUse(gateway, table, options));
      await ids.reload(gateway);
      mended.add(table);
      problems.delete(table);
      log.warn({ table }, 'a damaged table was derived again');
    } catch (err) {
      if (signal.aborted) return;
      problems.set(table, `${describeFailure(table, err)} The next start tries again.`);
      log.error({ err }, problems.get(table));
    }
    await dropDraft(gateway, table);
  }

  return {
    noteFailure(error) {
      if (!mayBeDamage(error)) return;
      const file = findDamagedFile(error);
      if (file === undefined) return checkAgain();
      const table = ids.find(file);
      if (table === undefined) integrity.noteFailure(error);
      else if (table !== 'replaced') mend(table, file);
    },
    listProblems: () => [...problems.values()],
    async stop() {
      clearTimeout(timer);
      await jobs.stop();
    },
  };
}

/** Returns which derived table a file belongs to; `replaced` if it was one when a query began that fails now. */
async function openTableIds(control: Pick<Gateway, 'query'>) {
  let ids = await listDerivedIds(control);
  const replaced = new Set<string>();
  return {
    find: (file: string) => (replaced.has(tableIdOf(file)) ? 'replaced' : ids.get(tableIdOf(file))),
    async reload(gateway: Pick<Gateway, 'query'>): Promise<void> {
      const before = ids;
      ids = await listDerivedIds(gateway);
      for (const id of before.keys()) if (!ids.has(id)) replaced.add(id);
    },
  };
}

const WHILE_MENDING: Record<DerivedTable, string> = {
  event_ids: 'Until then, IDs are looked up in the events, which takes longer.',
  users: 'Until then, queries for new users fail with 503.',
  links: 'Until then, events that link IDs are refused with 503.',
  person_ids: 'Until then, queries for users fail with 503.',
  user_properties: 'Until then, queries for user properties fail with 503.',
};

const nameOf = (table: DerivedTable, what: string) =>
  `The table ${table}, which is derived from the events, is damaged (${what}).`;

const describeMending = (table: DerivedTable, what: string) =>
  `${nameOf(table, what)} It is being derived again. ${WHILE_MENDING[table]}`;

const describeAgain = (table: DerivedTable, what: string) =>
  `${nameOf(table, what)} It was derived again before: check the disk and the memory. The next start derives it again.`;
