import { statSync } from 'node:fs';
import { openSqliteControl } from '../../control/open-sqlite.ts';
import { systemClock } from '../../lib/clock.ts';

/** Whether changes to the SQLite control database in `file` are not in it yet: it is in use, or was not closed. */
export const hasWriteAheadLog = (file: string): boolean =>
  (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;

const OLDER = new Error('The control database is from an earlier release.');

/**
 * Whether another process has the SQLite control database open, also one in another container. If none has, the write-ahead log of one
 * that was killed is completed. Rejects with StorageError.
 */
export async function isControlInUse(file: string): Promise<boolean> {
  if (!hasWriteAheadLog(file)) return false;
  // Closing it removes the write-ahead log, unless others have it open. Migrations are for a start.
  await openSqliteControl(file, systemClock(), { beforeMigrations: () => Promise.reject(OLDER) }).then(
    (control) => control.close(),
    (error: unknown) => {
      if (error !== OLDER) throw error;
    },
  );
  return hasWriteAheadLog(file);
}
