import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Kysely, Transaction } from 'kysely';
import type { Clock } from '../lib/clock.ts';
import { SECOND_MS } from '../lib/durations.ts';
import type { Log } from '../lib/log.ts';
import { listLosses, listNewLosses, openLosses } from './integrity/control-losses.ts';
import { removeSum, writeSum } from './integrity/file-sum.ts';
import { markOpen, unmarkOpen } from './integrity/open-mark.ts';
import { findMigrationState, migrateControl } from './migrate.ts';
import { describeDamagedPages, type PageCheck, startPageCheck } from './page-check.ts';
import type { ControlSchema } from './schema.ts';
import { openReadOnlySqlite, openSqlite } from './sqlite.ts';
import { decideDiskFullness, isLockedOut } from './sqlite-errors.ts';

/** A transaction of the control database. */
export type ControlTransaction = Transaction<ControlSchema>;

/** An open write: its transaction, and the revision that every row it changes must carry. */
export type Write = { tx: ControlTransaction; revision: number };

/**
 * Runs first in a write, under its lock, and throws to refuse it. A write may have waited 5 s for another process, which
 * may have revoked or narrowed the caller meanwhile, so each caller is read again here.
 */
export type Recheck = (tx: ControlTransaction) => Promise<unknown>;

/** For writes that no authenticated caller asked for: background tasks, the command line, signing in. */
export const NO_CALLER: Recheck = async () => undefined;

/**
 * A write that takes access away, or is needed to do so: on a full disk it may use the space that is kept in reserve. Other
 * writes must not, or they would use it up.
 */
export const URGENT: WriteOptions = { usesReserve: true };

/** How a write deals with a full disk. */
export type WriteOptions = { usesReserve: boolean };

/** Space that is kept for a full disk. `giveUpReserve` frees some; it returns false if nothing is left. */
export type DiskReserve = { giveUpReserve: () => boolean };

/**
 * The control database: projects, apps, keys. Writes are rare, and durable when the promise resolves. Disk errors, locks
 * and damaged files reject with StorageError `unavailable`.
 */
export type Control = {
  db: Kysely<ControlSchema>;
  /** Returns a value that changes when another process commits. Runs no statement on a table. */
  changeStamp: () => number;
  /** Returns how many statements ran so far. A request needs none: it reads the directory. */
  countStatements: () => number;
  /**
   * Runs `recheck`, then `change`, in one transaction. Waits up to 5 s for another process's write lock without blocking
   * anything else. Pass the `recheck` of the caller on whose behalf it writes, or NO_CALLER; and URGENT if it may use the
   * reserve on a full disk.
   */
  write: <T>(recheck: Recheck, change: (write: Write) => Promise<T>, options?: WriteOptions) => Promise<T>;
  /** Runs urgent work that writes in its own way like an urgent write: see `whenFree`. */
  whenStorable: <T>(work: () => Promise<T>) => Promise<T>;
  /** Returns the number of writes so far. It never decreases. Throws StorageError. */
  readRevision: () => number;
  /** What is lost or damaged in it, as sentences with what to do; empty if nothing is. */
  listProblems: () => string[];
  /** Reports a loss until it is accepted. Returns whether it is on disk, so that the next start reports it too. */
  reportLoss: (loss: string) => boolean;
  /** Checks every page in the background, once. Damage then appears among the problems and in the log. */
  checkPages: (log: Log) => void;
  /** The names of the migrations applied while opening. */
  migrated: readonly string[];
  close: () => Promise<void>;
};

const LOCK_WAIT_MS = 5_000;
const LOCK_RETRY_MS_FIRST = 5;
const LOCK_RETRY_MS_MAX = 50;

/**
 * Runs `work`, and retries it for up to 5 s while another process holds the lock. Waiting blocks neither the event loop
 * nor the connection. Only for work that has no effect when it is locked out.
 */
export async function whenFree<T>(work: () => T | Promise<T>): Promise<T> {
  const deadline = performance.now() + LOCK_WAIT_MS;
  for (let delayMs = LOCK_RETRY_MS_FIRST; ; delayMs = Math.min(2 * delayMs, LOCK_RETRY_MS_MAX)) {
    try {
      return await work();
    } catch (error) {
      if (!isLockedOut(error) || performance.now() >= deadline) throw error;
      await setTimeout(delayMs);
    }
  }
}

/** How often a failure that a broken disk may cause too frees a piece of the reserve. */
const GUESS_EVERY_MS = 30 * SECOND_MS;

type WithReserve = <T>(reserve: DiskReserve | undefined, work: () => Promise<T>) => Promise<T>;

/**
 * Returns a function that runs `work`, and again each time a full disk prevented it and some of the reserve could be freed.
 * Where the disk is only perhaps full, once, and not again for 30 s. Only for work that has no effect when it fails: a
 * transaction, or one statement.
 */
function createWithReserve(clock: Clock): WithReserve {
  let guessedAt = Number.NEGATIVE_INFINITY;
  function mayFree(error: unknown): boolean {
    const fullness = decideDiskFullness(error);
    if (fullness !== 'perhaps') return fullness === 'full';
    if (clock.now() < guessedAt + GUESS_EVERY_MS) return false;
    guessedAt = clock.now();
    return true;
  }
  return async (reserve, work) => {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!reserve || !mayFree(error) || !reserve.giveUpReserve()) throw error;
      }
    }
  };
}

/** A control database opened for reading only: its rows, and how its schema compares with this release. */
export type ReadOnlyControl = Pick<Control, 'db' | 'changeStamp' | 'readRevision' | 'close'> & {
  /** Reads every page. Returns what is lost or damaged, as sentences with what to do; empty if nothing is. */
  listProblems: () => string[];
  pendingMigrations: readonly string[];
  /** Applied by a newer release. */
  unknownMigrations: readonly string[];
};

/** Opens the control database in `file` without changing it: no migrations either. Rejects with StorageError. */
export async function openReadOnlyControl(file: string): Promise<ReadOnlyControl> {
  const losses = new Set([...listLosses(file), ...(isOpenHere(file) ? [] : listNewLosses(file))]);
  const { db, changeStamp, readRevision, listDamage, close } = await whenFree(() => openReadOnlySqlite(file));
  try {
    const { pending, unknown } = await whenFree(() => findMigrationState(db));
    const listProblems = () => [...describeDamagedPages(file, listDamage()), ...losses];
    const state = { pendingMigrations: pending, unknownMigrations: unknown };
    return { db, changeStamp, readRevision, listProblems, close, ...state };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * How many connections this process has to each database. A process that closes a file loses all its POSIX locks on it
 * (https://sqlite.org/howtocorrupt.html, section 2.2), so the files of an open database must not be read as files here:
 * another process could then truncate the shared memory that is in use.
 */
const openHere = new Map<string, number>();

const isOpenHere = (file: string): boolean => openHere.has(resolve(file));

function countOpen(file: string, change: 1 | -1): void {
  const count = (openHere.get(resolve(file)) ?? 0) + change;
  if (count > 0) openHere.set(resolve(file), count);
  else openHere.delete(resolve(file));
}

/**
 * Opens the control database in `file`, and creates or upgrades it if necessary. Rejects with StorageError, or with an
 * Error that explains it if a newer release created the database.
 */
export async function openControl(file: string, clock: Clock, reserve?: DiskReserve): Promise<Control> {
  const losses = openLosses(file, { isOpenHere: isOpenHere(file) });
  const withReserve = createWithReserve(clock);
  // A server that restarts on a full disk must be able to open it.
  const { db, changeStamp, countStatements, readRevision, close } = await withReserve(reserve, () =>
    whenFree(() => openSqlite(file)),
  );
  countOpen(file, 1);
  let pageCheck: PageCheck | undefined;
  let migrated: readonly string[];
  try {
    removeSum(file);
    // Two processes may start at the same time; the one that loses the lock retries and finds the work done.
    migrated = await whenFree(() => migrateControl(db, clock.now()));
  } catch (error) {
    await closeMarked(file, close);
    throw error;
  }
  // After the migrations: the write-ahead log exists from the first transaction on.
  markOpen(file);
  return {
    db,
    changeStamp,
    countStatements,
    readRevision,
    migrated,
    reportLoss: losses.add,
    listProblems: () => [...(pageCheck?.listProblems() ?? []), ...losses.list()],
    checkPages(log) {
      pageCheck ??= startPageCheck(file, log);
    },
    async close() {
      await pageCheck?.stop();
      await closeMarked(file, close);
      writeSum(file);
    },
    write: (recheck, change, { usesReserve } = { usesReserve: false }) =>
      withReserve(usesReserve ? reserve : undefined, () =>
        whenFree(() => db.transaction().execute((tx) => runWrite(tx, recheck, change))),
      ),
    whenStorable: (work) => withReserve(reserve, () => whenFree(work)),
  };
}

/** Closes a database. It stays marked as open if another process still has it open. */
async function closeMarked(file: string, close: () => Promise<void>): Promise<void> {
  unmarkOpen(file);
  await close();
  countOpen(file, -1);
  markOpen(file);
}

async function runWrite<T>(
  tx: ControlTransaction,
  recheck: Recheck,
  change: (write: Write) => Promise<T>,
): Promise<T> {
  // The first statement of the transaction takes the write lock before anything is read.
  const row = await tx
    .updateTable('revision')
    .set((eb) => ({ value: eb('value', '+', 1) }))
    .where('id', '=', 1)
    .returning('value')
    .executeTakeFirstOrThrow();
  await recheck(tx);
  return change({ tx, revision: Number(row.value) });
}
