import { existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import Database from 'better-sqlite3';
import { StorageError } from '../lib/errors.ts';
import { lossesFile } from './integrity/control-losses.ts';
import { lacksLog, unmarkOpen } from './integrity/open-mark.ts';
import { isLockedOut, toStorageError } from './sqlite-errors.ts';

/** A control database as of one moment, while it is in use. */
export type ControlSnapshot = {
  /** Writes it, and what is lost of it, to a new file. Rejects with StorageError or the system's error. */
  copyTo(file: string): Promise<void>;
  close(): void;
};

/**
 * Opens a database that nothing else has open, also in another container or in this process, and keeps others out until it is closed. Throws
 * StorageError; `isLockedOut` is true for it if the database is in use.
 */
export function openControlAlone(file: string): ControlSnapshot {
  const lacked = lacksLog(file);
  const database = new Database(file, { fileMustExist: true, timeout: 0 });
  try {
    // Each connection keeps a shared lock on the file for as long as it is open.
    database.pragma('locking_mode = EXCLUSIVE');
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
  } catch (error) {
    database.close();
    throw describeUse(error, file);
  }
  return {
    copyTo: (copy) => backUp(database, file, copy),
    close() {
      // Closing removes the write-ahead log that a killed process left.
      if (!lacked) unmarkOpen(file);
      database.close();
    },
  };
}

/** Returns the error with what to do if the database in `file` could not be opened because it is in use. */
export function describeUse(error: unknown, file: string): unknown {
  const stored = toStorageError(error, file);
  if (!isLockedOut(stored)) return stored;
  return new StorageError(
    'unavailable',
    `Another process has ${file} open: a server, perhaps of an older release or in another container, or a command. Stop it first`,
    error,
  );
}

async function backUp(database: Database.Database, file: string, copy: string): Promise<void> {
  try {
    await database.backup(copy);
  } catch (error) {
    throw toStorageError(error, copy);
  }
  await copyLosses(file, copy);
}

/** Fixes the moment: what is stored later is not in the snapshot, however long copying takes. Throws StorageError. */
export function openControlSnapshot(file: string): ControlSnapshot {
  const database = openAtOneMoment(file);
  return {
    copyTo: (copy) => backUp(database, file, copy),
    close: () => void database.close(),
  };
}

function openAtOneMoment(file: string): Database.Database {
  try {
    const database = new Database(file, { readonly: true, fileMustExist: true });
    // A read transaction sees the database as of its first read.
    database.exec('BEGIN');
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
    return database;
  } catch (error) {
    throw toStorageError(error, file);
  }
}

/** Copies the control database in `file` to a new file, also while it is in use. Rejects with StorageError or the system's error. */
export async function copyControl(file: string, copy: string): Promise<void> {
  if (existsSync(`${file}-wal`)) {
    const snapshot = openControlSnapshot(file);
    return await snapshot.copyTo(copy).finally(snapshot.close);
  }
  // No process has it open. Opening it would leave a write-ahead log behind.
  await copyFile(file, copy);
  await copyLosses(file, copy);
}

async function copyLosses(file: string, copy: string): Promise<void> {
  if (existsSync(lossesFile(file))) await copyFile(lossesFile(file), lossesFile(copy));
}
