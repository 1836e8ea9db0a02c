import { join } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import type { Control, ReadOnlyControl } from './control.ts';
import { describeUse } from './copy-sqlite.ts';
import { openPostgresControl, openReadOnlyPostgresControl } from './open-postgres.ts';
import { openReadOnlySqliteControl, openSqliteControl, type SqliteOptions } from './open-sqlite.ts';

/** Where the control database is: in SQLite in the data folder, or in PostgreSQL. */
export type ControlPlace = {
  /** The SQLite file. With PostgreSQL, only used to derive the path of the losses file. */
  file: string;
  /** The URL of PostgreSQL, which may contain a password. */
  url: string | undefined;
  /** How error messages refer to it. */
  name: string;
  /** How to start over with an empty database, as the end of a sentence. */
  startOver: string;
};

/** Returns where the control database of a configuration is. */
export function findControlPlace(config: { dataDir: string; databaseUrl: string | undefined }): ControlPlace {
  const file = join(config.dataDir, 'control.db');
  const url = config.databaseUrl;
  if (url === undefined) return { file, url, name: file, startOver: `move ${file} elsewhere` };
  return { file, url, name: "DATABASE_URL's database", startOver: 'set DATABASE_URL to an empty database' };
}

/**
 * Opens the control database, and creates or upgrades it if necessary. Rejects with StorageError, or with an Error that
 * explains it if a newer release created the database. The options only matter to SQLite.
 */
export async function openControl(
  { file, url }: ControlPlace,
  clock: Clock,
  options: Pick<SqliteOptions, 'reserve' | 'beforeMigrations'> = {},
): Promise<Control> {
  if (url === undefined) return await openSqliteControl(file, clock, options);
  return await openPostgresControl({ url, lossesFile: file }, clock.now());
}

/**
 * Opens a control database that no other process has open, and keeps servers and commands out until it is closed. Rejects with StorageError,
 * also if it is in use. One write at a time: the next one starts when it is done.
 */
export async function openSoleControl({ file, url }: ControlPlace, clock: Clock): Promise<Control> {
  if (url !== undefined)
    return await openPostgresControl({ url, lossesFile: file }, clock.now(), { isSole: true });
  return await openSqliteControl(file, clock, { isSole: true }).catch((error: unknown) => {
    throw describeUse(error, file);
  });
}

/** Opens the control database without changing it: no migrations either. Rejects with StorageError. */
export async function openReadOnlyControl({ file, url }: ControlPlace): Promise<ReadOnlyControl> {
  if (url === undefined) return await openReadOnlySqliteControl(file);
  return await openReadOnlyPostgresControl({ url, lossesFile: file });
}
