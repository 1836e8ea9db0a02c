import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readCommandConfig } from '../../config/config.ts';
import { describeNewer } from '../../control/migrate.ts';
import { openReadOnlyControl, type ReadOnlyControl } from '../../control/open.ts';
import { UsageError } from '../terminal/usage-error.ts';
import { NO_PROJECT } from './choose-project.ts';

/**
 * Runs a command that only reads the control database, with or without a running server. No file is created or changed.
 * Throws UsageError if there is no database yet, and an Error that explains it if its schema is of another release.
 */
export async function readControl<T>(read: (control: ReadOnlyControl) => Promise<T>): Promise<T> {
  const { dataDir } = readCommandConfig();
  const file = join(dataDir, 'control.db');
  if (!existsSync(file)) throw new UsageError(NO_PROJECT);
  const control = await openReadOnlyControl(file);
  try {
    requireCurrentSchema(control);
    return await read(control);
  } finally {
    await control.close();
  }
}

function requireCurrentSchema({
  pendingMigrations: pending,
  unknownMigrations: unknown,
}: ReadOnlyControl): void {
  if (unknown.length > 0) throw new Error(describeNewer(unknown));
  if (pending.length === 0) return;
  throw new Error(
    `The control database was made by an older release of Appflow, and this command changes nothing. The next start of the server applies ${pending.join(', ')}; make a backup before it.`,
  );
}
