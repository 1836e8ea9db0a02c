import { errorCodeOf, StorageError } from '../lib/errors.ts';

/** SQLite result codes (https://sqlite.org/rescode.html) that are not the statement's fault, and what to do. */
const FIXES: Record<string, string> = {
  SQLITE_BUSY: 'another process holds it locked; end that process, or wait until it is done',
  SQLITE_LOCKED: 'another statement holds it locked',
  SQLITE_FULL: 'the disk is full; make room, then it works again without a restart',
  SQLITE_IOERR: 'the disk cannot be read or written; make room on it, or check it',
  SQLITE_READONLY: 'it cannot be written; give this user the right to write the file and its folder',
  SQLITE_PERM: 'it cannot be opened; give this user the right to read and write the file and its folder',
  SQLITE_CANTOPEN: 'it cannot be opened; check that its folder exists, has room and may be written',
  SQLITE_CORRUPT: 'it is damaged; restore it from a backup',
  SQLITE_NOTADB: 'it is not a SQLite database; move it away or restore it from a backup',
  SQLITE_PROTOCOL: 'another process holds it locked',
  SQLITE_NOMEM: 'the memory is full',
};

/** Extended codes such as SQLITE_IOERR_WRITE start with their primary code. */
function findFix(error: unknown): string | undefined {
  const [primary] = /^SQLITE_[A-Z]+/.exec(errorCodeOf(error)) ?? [];
  return primary === undefined ? undefined : FIXES[primary];
}

/** Returns the StorageError for a failure of SQLite. Returns other errors, such as a mistake in a statement, unchanged. */
export function toStorageError(error: unknown, file: string): unknown {
  const fix = findFix(error);
  if (fix === undefined) return error;
  return new StorageError('unavailable', `The control database ${file} does not answer: ${fix}.`, error);
}

/** Whether a lock of another process or connection was the cause: nothing was done, so a retry is safe. */
export function isLockedOut(error: unknown): boolean {
  return error instanceof StorageError && /^SQLITE_(BUSY|PROTOCOL)/.test(errorCodeOf(error.cause));
}

/** How sure it is that a full disk is the reason of a failure. */
export type DiskFullness = 'full' | 'perhaps' | 'no';

/**
 * Decides whether a full disk or a full quota is the reason of a failure. Only SQLITE_FULL says so. A quota, or a file
 * beside the database that cannot grow, is reported in the same way as a broken disk, which no free space repairs.
 */
export function decideDiskFullness(error: unknown): DiskFullness {
  const code = error instanceof StorageError ? errorCodeOf(error.cause) : '';
  if (code.startsWith('SQLITE_FULL')) return 'full';
  return /^SQLITE_(IOERR|CANTOPEN)/.test(code) ? 'perhaps' : 'no';
}
