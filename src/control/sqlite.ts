import { existsSync, readFileSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { Kysely, SqliteDialect, type SqliteStatement } from 'kysely';
import { messageOf } from '../lib/errors.ts';
import type { ControlSchema } from './schema.ts';
import { toStorageError } from './sqlite-errors.ts';

/** The embedded database, as `openControl` builds on it. */
export type SqliteControl = {
  db: Kysely<ControlSchema>;
  changeStamp: () => number;
  countStatements: () => number;
  readRevision: () => Promise<number>;
  /** Reads the whole database. Returns what is damaged in it, at most five lines of SQLite; empty if nothing is. */
  listDamage: () => string[];
  close: () => Promise<void>;
};

/** The driver is synchronous, so SQLite's own wait would block the whole process. Callers retry instead. */
const BUSY_TIMEOUT_MS = 0;

/**
 * Opens the embedded control database. `changeStamp()` returns a number that changes when another process commits
 * (PRAGMA data_version: a read of shared memory, no statement on a table). Throws StorageError `unavailable` for disk
 * errors, locks and damaged files. With `isSole`, it does so if anything else has the database open, and keeps others out.
 */
export function openSqlite(file: string, isSole = false): SqliteControl {
  return createControl(
    withStorageErrors(file, () => openDatabase(file, isSole)),
    file,
  );
}

/** Opens the database in `file` for reading only. Changes neither the file nor the files beside it. */
export function openReadOnlySqlite(file: string): SqliteControl {
  return createControl(
    withStorageErrors(file, () => openReadOnlyDatabase(file)),
    file,
  );
}

function createControl(database: Database.Database, file: string): SqliteControl {
  const dataVersion = database.prepare('PRAGMA data_version').pluck();
  let statements = 0;
  const db = new Kysely<ControlSchema>({
    dialect: new SqliteDialect({ database: guardDatabase(database, file) }),
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
        // Differs from every stamp, so the caller reads the tables and gets the error where it is handled.
        return Number.NaN;
      }
    },
    countStatements: () => statements,
    readRevision: async () =>
      withStorageErrors(file, () =>
        Number(database.prepare('SELECT value FROM revision WHERE id = 1').pluck().get()),
      ),
    listDamage() {
      try {
        // Unlike quick_check, it also compares each index with its table.
        const lines = database.prepare('PRAGMA integrity_check(5)').pluck().all().map(String);
        return lines.filter((line) => line !== 'ok');
      } catch (error) {
        return [messageOf(error)];
      }
    },
    async close() {
      await db.destroy();
      // Kysely closes only what it has run a statement on.
      database.close();
    },
  };
}

function openDatabase(file: string, isSole: boolean): Database.Database {
  const database = new Database(file, { timeout: BUSY_TIMEOUT_MS, fileMustExist: isSole });
  try {
    // Before the first access, which takes the lock.
    if (isSole) database.pragma('locking_mode = EXCLUSIVE');
    database.pragma('journal_mode = WAL');
    // FULL syncs the log at every commit: a revoked key stays revoked after a power failure.
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    // Overwrites deleted content, so that no secret remains in free pages.
    database.pragma('secure_delete = ON');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The two header bytes that request a write-ahead log, and their value in a file without one. */
const JOURNAL_BYTES = [18, 20] as const;
const NO_WRITE_AHEAD_LOG = 1;
const COPY_BYTES_MAX = 1024 ** 3;

function openReadOnlyDatabase(file: string): Database.Database {
  const options = { readonly: true, timeout: BUSY_TIMEOUT_MS };
  // Exists while a process has the database open, and after one was killed. Its content belongs to the database.
  const isInUse = existsSync(`${file}-wal`);
  // Otherwise no process writes the file. Opening it in place, even for reading, would leave a `-wal` and a `-shm` behind
  // (https://sqlite.org/wal.html#read_only_databases), so read a copy in memory unless that would be too large.
  if (isInUse || statSync(file).size > COPY_BYTES_MAX) {
    return new Database(file, { ...options, fileMustExist: true });
  }
  const bytes = readFileSync(file);
  bytes.subarray(...JOURNAL_BYTES).fill(NO_WRITE_AHEAD_LOG);
  return new Database(bytes, options);
}

function withStorageErrors<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toStorageError(error, file);
  }
}

/** The database as Kysely sees it: failures become StorageErrors, and a rollback never hides the error before it. */
function guardDatabase(database: Database.Database, file: string) {
  return {
    prepare(sql: string): SqliteStatement {
      // A full disk ends the transaction by itself. Rolling back would then fail and replace the original error.
      if (sql === 'rollback' && !database.inTransaction) return NOTHING_TO_DO;
      const statement = withStorageErrors(file, () => database.prepare(sql));
      return {
        reader: statement.reader,
        all: (parameters) => withStorageErrors(file, () => statement.all(...parameters)),
        run: (parameters) => withStorageErrors(file, () => statement.run(...parameters)),
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
