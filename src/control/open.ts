import type { Kysely, Transaction } from 'kysely';
import type { Clock } from '../lib/clock.ts';
import { migrateControl } from './migrate.ts';
import type { ControlSchema } from './schema.ts';
import { openSqlite } from './sqlite.ts';

/** The control database: projects, apps, keys. Few writes, all durable when the promise resolves. */
export type Control = {
  db: Kysely<ControlSchema>;
  /** Differs from before when another process has committed since. Costs no statement on a table. */
  changeStamp: () => number;
  /** Statements run so far. A request costs none: what it needs is in the directory. */
  countStatements: () => number;
  /** Runs `change` in one transaction with the revision its rows must carry; all of it is stored, or nothing. */
  write: <T>(change: (tx: Transaction<ControlSchema>, revision: number) => Promise<T>) => Promise<T>;
  close: () => Promise<void>;
};

const OPEN_ATTEMPTS = 20;
const OPEN_RETRY_MS = 50;

const isBusy = (error: unknown) =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');

/** Two processes may be first at the same moment; the loser of SQLite's lock looks again and finds the work done. */
async function migrateWhenFree(db: Kysely<ControlSchema>, now: number): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await migrateControl(db, now);
    } catch (error) {
      if (!isBusy(error) || attempt === OPEN_ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, OPEN_RETRY_MS));
    }
  }
}

/** Opens (and, when needed, creates or upgrades) the control database in `file`. Throws what SQLite throws. */
export async function openControl(file: string, clock: Clock): Promise<Control> {
  const { db, changeStamp, countStatements, close } = openSqlite(file);
  await migrateWhenFree(db, clock.now());
  return {
    db,
    changeStamp,
    countStatements,
    close,
    write: (change) =>
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
  };
}
