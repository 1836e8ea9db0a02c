import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../lib/clock.ts';
import { SECOND_MS } from '../lib/durations.ts';
import type { Control, DiskReserve, ReadOnlyControl } from './control.ts';
import { type ControlSnapshot, openControlAlone } from './copy-sqlite.ts';
import { listLosses, listNewLosses, openLosses } from './integrity/control-losses.ts';
import { removeSum, writeSum } from './integrity/file-sum.ts';
import { markOpen, unmarkOpen } from './integrity/open-mark.ts';
import { findMigrationState, type MigratedControl, migrateControl } from './migrate.ts';
import { describeDamagedPages, type PageCheck, startPageCheck } from './page-check.ts';
import { runWrite } from './run-write.ts';
import { openReadOnlySqlite, openSqlite, type SqliteControl } from './sqlite.ts';
import { decideDiskFullness, isLockedOut } from './sqlite-errors.ts';

/** Another process's commit is visible immediately, and is never undone; a commit that fails did not take place. */
const EXACT = { hasExactStamp: true, losesAnswers: false, countRollbacks: () => 0 };

/** Runs before a database is upgraded, and can copy it. */
export type BeforeMigrations = (copyTo: ControlSnapshot['copyTo']) => Promise<void>;

/** How to open a database. */
export type SqliteOptions = {
  /** Space that is kept for a full disk. */
  reserve?: DiskReserve | undefined;
  /** Runs before an existing database is upgraded, while nothing else has it open. */
  beforeMigrations?: BeforeMigrations | undefined;
  /** Whether the database must exist and not be in use, and is kept from others until it is closed. */
  isSole?: boolean;
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

/** Opens the control database in `file` without changing it: no migrations either. Rejects with StorageError. */
export async function openReadOnlySqliteControl(file: string): Promise<ReadOnlyControl> {
  const losses = new Set([...listLosses(file), ...(isOpenHere(file) ? [] : listNewLosses(file))]);
  const { db, changeStamp, readRevision, listDamage, close } = await whenFree(() => openReadOnlySqlite(file));
  try {
    const { isNew, pending, unknown } = await whenFree(() => findMigrationState(db));
    const listProblems = () => [...describeDamagedPages(file, listDamage()), ...losses];
    const state = { isNew, pendingMigrations: pending, unknownMigrations: unknown };
    return { db, snapshots: db, changeStamp, ...EXACT, readRevision, listProblems, close, ...state };
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
export async function openSqliteControl(
  file: string,
  clock: Clock,
  options: SqliteOptions = {},
): Promise<Control> {
  const { reserve } = options;
  // If this process has the database open already, its losses were reported to the first connection.
  const losses = openLosses(file, isOpenHere(file) ? [] : [...listLosses(file), ...listNewLosses(file)]);
  const withReserve = createWithReserve(clock);
  // A server that restarts on a full disk must be able to open it.
  const { db, changeStamp, countStatements, readRevision, close } = await withReserve(reserve, () =>
    whenFree(() => openPrepared(file, options)),
  );
  countOpen(file, 1);
  let pageCheck: PageCheck | undefined;
  let migrated: MigratedControl;
  try {
    removeSum(file);
    // Two processes may start at the same time; the one that loses the lock retries and finds the work done.
    migrated = await whenFree(() => migrateControl(db, clock.now()));
  } catch (error) {
    await closeMarked(file, close).finally(() => countOpen(file, -1));
    throw error;
  }
  // After the migrations: the write-ahead log exists from the first transaction on.
  markOpen(file);
  return {
    db,
    snapshots: db,
    changeStamp,
    ...EXACT,
    countStatements,
    readRevision,
    ...migrated,
    reportLoss: losses.add,
    listProblems: () => [...(pageCheck?.listProblems() ?? []), ...losses.list()],
    checkPages(log) {
      pageCheck ??= startPageCheck(file, log);
    },
    async close() {
      await pageCheck?.stop();
      await closeMarked(file, close).finally(() => countOpen(file, -1));
      writeSum(file);
    },
    write: (recheck, change, { usesReserve } = { usesReserve: false }) =>
      withReserve(usesReserve ? reserve : undefined, () =>
        whenFree(() => db.transaction().execute((tx) => runWrite(tx, recheck, change))),
      ),
    whenStorable: (work) => withReserve(reserve, () => whenFree(work)),
  };
}

/**
 * Opens a database. If an earlier release created it, `beforeMigrations` runs first, and nothing else can open it meanwhile. Of two processes,
 * the one that is locked out finds it done.
 */
async function openPrepared(
  file: string,
  { beforeMigrations, isSole = false }: SqliteOptions,
): Promise<SqliteControl> {
  const opened = openSqlite(file, isSole);
  try {
    if (beforeMigrations === undefined || !(await isOlder(opened.db))) return opened;
  } catch (error) {
    await opened.close();
    throw error;
  }
  await closeMarked(file, opened.close);
  const alone = openControlAlone(file);
  await beforeMigrations(alone.copyTo).finally(alone.close);
  return openSqlite(file);
}

/** Whether an earlier release created a database. */
async function isOlder(db: Control['db']): Promise<boolean> {
  const { isNew, pending, unknown } = await findMigrationState(db);
  return !isNew && pending.length > 0 && unknown.length === 0;
}

/** Closes a database. It stays marked as open if another process still has it open. */
async function closeMarked(file: string, close: () => Promise<void>): Promise<void> {
  unmarkOpen(file);
  await close();
  markOpen(file);
}
