import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readCommandConfig } from '../config.ts';
import { tellNewer } from '../control/migrate.ts';
import { type ControlAsIs, openControlAsIs } from '../control/open.ts';
import { NO_PROJECT } from './keys/project.ts';
import { UsageError } from './usage-error.ts';

/**
 * Runs a command that only reads the control database, beside a running server or without one: no file is made or
 * changed. Throws UsageError when there is none yet, and a sentence when another release made it.
 */
export async function readControl<T>(read: (control: ControlAsIs) => Promise<T>): Promise<T> {
  const { dataDir } = readCommandConfig();
  const file = join(dataDir, 'control.db');
  if (!existsSync(file)) throw new UsageError(NO_PROJECT);
  const control = await openControlAsIs(file);
  try {
    requirePresent(control);
    return await read(control);
  } finally {
    await control.close();
  }
}

function requirePresent({ pendingMigrations: pending, unknownMigrations: unknown }: ControlAsIs): void {
  if (unknown.length > 0) throw new Error(tellNewer(unknown));
  if (pending.length === 0) return;
  throw new Error(
    `The control database was made by an older release of Appflow, and this command changes nothing. The next start of the server applies ${pending.join(', ')}; make a backup before it.`,
  );
}
