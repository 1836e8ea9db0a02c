import Database from 'better-sqlite3';
import { Kysely, SqliteDialect, type SqliteStatement } from 'kysely';
import type { ControlSchema } from './schema.ts';
import { toStorageError } from './sqlite-trouble.ts';

export type SqliteControl = {
  db: Kysely<ControlSchema>;
  changeStamp: () => number;
  countStatements: () => number;
  close: () => Promise<void>;
};

/** SQLite's own wait would stop the whole process, as the driver is synchronous: whoever is locked out tries again. */
const BUSY_TIMEOUT_MS = 0;

/**
 * Opens the embedded control database. `changeStamp()` returns a number that differs after any other process
 * committed (PRAGMA data_version: a read of shared memory, no statement on a table). Trouble of the disk, a lock or
 * the file is thrown as StorageError `unavailable`.
 */
export function openSqlite(file: string): SqliteControl {
  const database = translated(file, () => openDatabase(file));
  const dataVersion = database.prepare('PRAGMA data_version').pluck();
  let statements = 0;
  const db = new Kysely<ControlSchema>({
    dialect: new SqliteDialect({ database: guarded(database, file) }),
    log: () => {
      statements += 1;
    },
  });
  return {
    db,
    changeStamp() {
      try {
        return Number(dataVersion.get());
      } catch {
        // Differs from every stamp, so whoever asks looks at the tables, and meets the trouble where it can be told.
        return Number.NaN;
      }
    },
    countStatements: () => statements,
    close: () => db.destroy(),
  };
}

function openDatabase(file: string): Database.Database {
  const database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.pragma('journal_mode = WAL');
    // FULL syncs the log at every commit: a key that was revoked stays revoked after a power cut.
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    // Deleted content is overwritten, so that nothing secret lingers in free pages.
    database.pragma('secure_delete = ON');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function translated<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toStorageError(error, file);
  }
}

/** What Kysely sees of the database: trouble is translated, and a rollback never hides the error it follows. */
function guarded(database: Database.Database, file: string) {
  return {
    prepare(sql: string): SqliteStatement {
      // A full disk ends the transaction by itself; rolling back then would fail, and that error replace the first.
      if (sql === 'rollback' && !database.inTransaction) return NOTHING_TO_DO;
      const statement = translated(file, () => database.prepare(sql));
      return {
        reader: statement.reader,
        all: (parameters) => translated(file, () => statement.all(...parameters)),
        run: (parameters) => translated(file, () => statement.run(...parameters)),
        iterate: (parameters) => statement.iterate(...parameters) as IterableIterator<unknown>,
      };
    },
    close: () => {
      database.close();
    },
  };
}

const NOTHING_TO_DO: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [][Symbol.iterator](),
};
