import { existsSync, readFileSync, statSync } from 'node:fs';
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
  return controlOver(
    translated(file, () => openDatabase(file)),
    file,
  );
}

/** Opens the database in `file` as it is, for reading only: neither the file nor what lies beside it is changed. */
export function openSqliteAsIs(file: string): SqliteControl {
  return controlOver(
    translated(file, () => openDatabaseAsIs(file)),
    file,
  );
}

function controlOver(database: Database.Database, file: string): SqliteControl {
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

/** The two bytes of the header that ask for a write-ahead log, and what stands there in a file without one. */
const JOURNAL_BYTES = [18, 20] as const;
const NO_WRITE_AHEAD_LOG = 1;
const COPY_BYTES_MAX = 1024 ** 3;

function openDatabaseAsIs(file: string): Database.Database {
  const options = { readonly: true, timeout: BUSY_TIMEOUT_MS };
  // There while a process has the database open, and after one was killed: its content belongs to the database.
  const isInUse = existsSync(`${file}-wal`);
  // Otherwise nobody writes the file. Opened in place, even for reading, it would get a `-wal` and a `-shm` that stay
  // (https://sqlite.org/wal.html#read_only_databases), so a copy in memory is read, unless it would fill the memory.
  if (isInUse || statSync(file).size > COPY_BYTES_MAX) {
    return new Database(file, { ...options, fileMustExist: true });
  }
  const bytes = readFileSync(file);
  bytes.subarray(...JOURNAL_BYTES).fill(NO_WRITE_AHEAD_LOG);
  return new Database(bytes, options);
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
