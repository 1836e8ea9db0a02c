import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import type { ControlSchema } from './schema.ts';

const BUSY_TIMEOUT_MS = 5_000;

export type SqliteControl = {
  db: Kysely<ControlSchema>;
  changeStamp: () => number;
  countStatements: () => number;
  close: () => Promise<void>;
};

/**
 * Opens the embedded control database. `changeStamp()` returns a number that differs after any other process
 * committed (PRAGMA data_version: a read of shared memory, no statement on a table).
 */
export function openSqlite(file: string): SqliteControl {
  const database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  database.pragma('journal_mode = WAL');
  // FULL syncs the log at every commit: a key that was revoked stays revoked after a power cut.
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  // Deleted content is overwritten, so that nothing secret lingers in free pages.
  database.pragma('secure_delete = ON');
  const dataVersion = database.prepare('PRAGMA data_version').pluck();
  let statements = 0;
  const db = new Kysely<ControlSchema>({
    dialect: new SqliteDialect({ database }),
    log: () => {
      statements += 1;
    },
  });
  return {
    db,
    changeStamp: () => Number(dataVersion.get()),
    countStatements: () => statements,
    close: () => db.destroy(),
  };
}
