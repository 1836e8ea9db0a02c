import { existsSync, rmSync, writeFileSync } from 'node:fs';

const markFile = (file: string) => `${file}-open`;
const hasLog = (file: string) => existsSync(`${file}-wal`);

/**
 * Returns whether a database was open when its last process ended, but its write-ahead log is gone. Then SQLite continues
 * without the commits that were only there. Call it before the database is opened. Changes nothing.
 */
export function lacksLog(file: string): boolean {
  if (!existsSync(markFile(file)) || hasLog(file)) return false;
  // Another process that closed it meanwhile has removed the mark before SQLite removed the log.
  return existsSync(markFile(file));
}

/** Marks a database as open while it has a write-ahead log: some process has it open, or a killed one had. */
export function markOpen(file: string): void {
  if (!hasLog(file)) return;
  try {
    writeFileSync(markFile(file), '', { mode: 0o600 });
  } catch {
    // On a full or read-only disk: then only the log itself can show what is missing.
  }
  // The last process that had it open may have closed it since.
  if (!hasLog(file)) unmarkOpen(file);
}

/**
 * Removes the mark. Call it before closing, because the last process to close the database removes the log. Never throws:
 * the database must be closed even if its mark stays.
 */
export function unmarkOpen(file: string): void {
  try {
    rmSync(markFile(file), { force: true });
  } catch {
    // Where the mark cannot be removed, the log usually cannot either. If it can, the next start reports a loss in error.
  }
}
