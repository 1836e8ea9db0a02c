import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Gateway } from '../engine/gateway.ts';
import { describeDamage } from './damage-error.ts';
import { findDamage } from './find-damage.ts';
import { takeLedger, writeLedger } from './ledger.ts';
import { describeLoss, hasLosses, type Loss, readLosses } from './losses.ts';
import { readBefore } from './read-before.ts';
import { dropUnfinishedRebuild } from './rebuild.ts';
import { repairDamage } from './repair-damage.ts';

/** Compares the event store with what was recorded of it, and records it again. */
export type Integrity = {
  /**
   * Before migrations run, which change definitions: until the next record nothing is compared with them. `isFirst` says
   * that no release that writes a ledger has opened the store; otherwise one that is missing is still reported.
   */
  expectMigrations(isFirst: boolean): Promise<void>;
  /**
   * Finds and records what was lost, and derives damaged tables again, so that IDs of lost events do not count as
   * duplicates. Call it after the repair of the last block and before IDs are read.
   */
  check(gateway: Gateway): Promise<void>;
  /** Starts recording once per minute. */
  start(gateway: Gateway): void;
  /** Records a last time. */
  stop(gateway: Gateway): Promise<void>;
  /** Remembers that stored data could not be read, if that is why a query failed. */
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

const RECORD_INTERVAL_MS = 60_000;

/** Returns the integrity checks of the store in `folder`, which is not open yet. Rejects as `readBefore` does. */
export async function openIntegrity(
  folder: string,
  { log, clock, knownEvents, noteEvents }: IntegrityOptions,
): Promise<Integrity> {
  const before = await readBefore(folder, knownEvents);
  let losses: Loss[] = [];
  const problems = new Set<string>();
  let last = '';
  let recording: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  // One after another: two writes at a time would mix in the same draft.
  function record(gateway: Gateway): Promise<void> {
    recording = recording.then(() => recordNow(gateway));
    return recording;
  }

  async function recordNow(gateway: Gateway): Promise<void> {
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

  return {
    async expectMigrations(isFirst) {
      if (before.ledger === 'missing' && isFirst) before.ledger = { events: 0, definitions: {}, tables: {} };
      if (typeof before.ledger === 'string') return;
      before.ledger = { ...before.ledger, definitions: {} };
      await writeLedger(folder, before.ledger);
    },
    async check(gateway) {
      await dropUnfinishedRebuild(gateway);
      const damage = await findDamage(gateway, before);
      if (damage === undefined) {
        losses = await readLosses(folder);
      } else {
        log.error({ damage }, 'the event store is damaged');
        // A repair may replace the table of IDs. A crash right after it must not leave the old definition on record.
        if (typeof before.ledger !== 'string')
          await writeLedger(folder, { ...before.ledger, definitions: {} });
        for (const problem of await repairDamage(gateway, folder, damage, clock)) problems.add(problem);
        losses = await readLosses(folder);
        await record(gateway);
      }
      for (const loss of losses) log.error(describeLoss(loss));
      for (const problem of problems) log.error(problem);
    },
    start(gateway) {
      void record(gateway);
      timer = setInterval(() => void record(gateway), RECORD_INTERVAL_MS).unref();
    },
    async stop(gateway) {
      clearInterval(timer);
      await record(gateway);
    },
    noteFailure(error) {
      const problem = describeDamage(error);
      if (problem === undefined || problems.has(problem)) return;
      log.error({ err: error }, problem);
      problems.add(problem);
    },
    listProblems: () => [...(hasLosses(folder) ? losses.map(describeLoss) : []), ...problems],
  };
}
