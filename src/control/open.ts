import { setTimeout } from 'node:timers/promises';
import type { Kysely, Transaction } from 'kysely';
import type { Clock } from '../lib/clock.ts';
import { findMigrationState, migrateControl } from './migrate.ts';
import type { ControlSchema } from './schema.ts';
import { openSqlite, openSqliteAsIs } from './sqlite.ts';
import { isLockedOut } from './sqlite-trouble.ts';

/**
 * The control database: projects, apps, keys. Few writes, all durable when the promise resolves. Trouble of the disk,
 * a lock or the file rejects with StorageError `unavailable`.
 */
export type Control = {
  db: Kysely<ControlSchema>;
  /** Differs from before when another process has committed since. Costs no statement on a table. */
  changeStamp: () => number;
  /** Statements run so far. A request costs none: what it needs is in the directory. */
  countStatements: () => number;
  /**
   * Runs `change` in one transaction with the revision its rows must carry; all of it is stored, or nothing. Waits up
   * to 5 s for another process's write lock, while everything else goes on.
   */
  write: <T>(change: (tx: Transaction<ControlSchema>, revision: number) => Promise<T>) => Promise<T>;
  /** The migrations that opening it made. */
  migrated: readonly string[];
  close: () => Promise<void>;
};

const LOCK_WAIT_MS = 5_000;
const LOCK_RETRY_MS_FIRST = 5;
const LOCK_RETRY_MS_MAX = 50;

/**
 * Runs `work` until no other process's lock is in its way, for up to 5 s. The wait holds neither the event loop nor
 * the connection. Only for work that has done nothing when it is locked out.
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

/** A control database that is only looked at: how it stands to this release, and its rows as far as there are tables. */
export type ControlAsIs = Pick<Control, 'db' | 'changeStamp' | 'close'> & {
  pendingMigrations: readonly string[];
  /** Made by a newer release. */
  unknownMigrations: readonly string[];
};

/** Opens the control database in `file` without changing a byte of it, migrations included. Rejects with StorageError. */
export async function openControlAsIs(file: string): Promise<ControlAsIs> {
  const { db, changeStamp, close } = await whenFree(() => openSqliteAsIs(file));
  try {
    const { pending, unknown } = await whenFree(() => findMigrationState(db));
    return { db, changeStamp, close, pendingMigrations: pending, unknownMigrations: unknown };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Opens (and, when needed, creates or upgrades) the control database in `file`. Rejects with
 * StorageError, and with a sentence when a newer release made it.
 */
export async function openControl(file: string, clock: Clock): Promise<Control> {
  const { db, changeStamp, countStatements, close } = await whenFree(() => openSqlite(file));
  let migrated: readonly string[];
  try {
    // Two processes may be first at the same moment; the loser of the lock looks again and finds the work done.
    migrated = await whenFree(() => migrateControl(db, clock.now()));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    db,
    changeStamp,
    countStatements,
    migrated,
    close,
    write: (change) =>
      whenFree(() =>
        db.transaction().execute(async (tx) => {
          // First statement of the transaction: it takes the write lock before anything is read.
          const row = await tx
            .updateTable('revision')
            .set((eb) => ({ value: eb('value', '+', 1) }))
            .where('id', '=', 1)
            .returning('value')
            .executeTakeFirstOrThrow();
          return change(tx, Number(row.value));
        }),
      ),
  };
}
