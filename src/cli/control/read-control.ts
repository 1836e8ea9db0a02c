import { existsSync } from 'node:fs';
import { readCommandConfig } from '../../config/config.ts';
import type { ReadOnlyControl } from '../../control/control.ts';
import { describeNewer } from '../../control/migrate.ts';
import { findControlPlace, openReadOnlyControl } from '../../control/open.ts';
import { UsageError } from '../terminal/usage-error.ts';
import { explainNoProject } from './choose-project.ts';

/**
 * Runs a command that only reads the control database, with or without a running server. No file is created or changed.
 * Throws UsageError if there is no database yet, and an Error that explains it if its schema is of another release.
 */
export async function readControl<T>(read: (control: ReadOnlyControl) => Promise<T>): Promise<T> {
  const config = readCommandConfig();
  const place = findControlPlace(config);
  if (place.url === undefined && !existsSync(place.file)) throw new UsageError(explainNoProject(config));
  const control = await openReadOnlyControl(place);
  try {
    if (control.isNew) throw new UsageError(explainNoProject(config));
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
    `The control database is from an older release of Appflow, and this command doesn't change it. Make a backup, then start the server, which applies ${pending.join(', ')}.`,
  );
}
