import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { openControlAlone } from '../../control/copy-sqlite.ts';
import { isLockedOut } from '../../control/sqlite-errors.ts';
import { isServerSeen } from './server-seen.ts';

/** Throws an Error with what to do while a server or a command uses the data folder. */
export async function requireStopped(config: Config): Promise<void> {
  if (await isServerSeen(config))
    throw new Error('A server is running on this data folder. Stop it, then run the command again.');
  requireUnused(join(config.dataDir, 'control.db'));
}

/** Neither the process ID nor the lock of a server in another container is visible here. */
function requireUnused(file: string): void {
  // As after a kill.
  if (!existsSync(file)) return;
  try {
    openControlAlone(file).close();
  } catch (error) {
    if (isLockedOut(error)) throw error;
    // A damaged database does not stop the command.
  }
}
