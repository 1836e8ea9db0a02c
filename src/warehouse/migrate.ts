import { readdir, readFile } from 'node:fs/promises';
import { isAdditive } from '../lib/additive.ts';
import { StorageError } from '../lib/errors.ts';
import { PROGRAM } from '../lib/program.ts';
import type { Gateway } from './engine/gateway.ts';

const FOLDER = new URL('./migrations/', import.meta.url);

/**
 * Migrates the tables and returns the names of the files applied. A file may run twice when the process dies before
 * the file is recorded as applied, so each of its statements uses IF NOT EXISTS or similar.
 */
export async function migrate(gateway: Gateway): Promise<string[]> {
  await gateway.command(`CREATE TABLE IF NOT EXISTS schema_migrations (
    name String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
  ) ENGINE = MergeTree ORDER BY name SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`);
  const names = await listUnapplied(gateway);
  for (const name of names) {
    for (const statement of splitStatements(await readFile(new URL(name, FOLDER), 'utf8'))) {
      await gateway.command(statement);
    }
    await gateway.command(`INSERT INTO schema_migrations (name) VALUES ('${name}')`);
  }
  return names;
}

/** Returns the names of an event store's pending migrations, in order. Changes nothing. Rejects with StorageError. */
export async function listPendingMigrations(gateway: Gateway): Promise<string[]> {
  return (await hasTable(gateway, 'schema_migrations')) ? listUnapplied(gateway) : listAll(gateway);
}

const hasTable = async (gateway: Gateway, name: string): Promise<boolean> =>
  (
    await gateway.query(
      'SELECT 1 FROM system.tables WHERE database = currentDatabase() AND name = {name:String}',
      { name },
    )
  ).length > 0;

/**
 * Rejects with StorageError if a newer release has migrated an event store: this one might not understand what it contains. On a server,
 * which nodes of two releases share during an upgrade, additions are ignored.
 */
export async function requireKnownMigrations(
  gateway: Gateway,
  { isServer }: { isServer: boolean },
): Promise<void> {
  if (!(await hasTable(gateway, 'schema_migrations'))) return;
  const rows = await gateway.query<{ name: string }>('SELECT name FROM schema_migrations ORDER BY name');
  const known = new Set(await listMigrations());
  const newer = rows.map(({ name }) => name).filter((name) => !known.has(name));
  const unknown = isServer ? newer.filter((name) => !isAdditive(name)) : newer;
  if (unknown.length === 0) return;
  const goBack = isServer ? 'restore a backup from before it' : `go back with \`${PROGRAM} downgrade\``;
  throw new StorageError(
    'unavailable',
    `The event store was used by a newer release of Appflow (it has ${unknown.join(', ')}). Run that release, or ${goBack}`,
  );
}

/** Those after the last one that was applied: if an earlier one is not recorded, its record was lost. */
async function listUnapplied(gateway: Gateway): Promise<string[]> {
  const rows = await gateway.query<{ name: string }>('SELECT name FROM schema_migrations');
  const applied = new Set(rows.map(({ name }) => name));
  const all = await listMigrations();
  const last = all.findLastIndex((name) => applied.has(name));
  return last === -1 ? listAll(gateway) : all.slice(last + 1);
}

/** Returns all migrations, of a store without events. Running them on others would empty tables that nothing can derive again. */
async function listAll(gateway: Gateway): Promise<string[]> {
  const hasEvents =
    (await hasTable(gateway, 'events')) && (await gateway.query('SELECT 1 FROM events LIMIT 1')).length > 0;
  if (!hasEvents) return listMigrations();
  throw new StorageError(
    'unavailable',
    'The event store is damaged: its table schema_migrations is empty or missing. Restore it from a backup',
  );
}

/** Returns the names of this release's migrations, in order. */
export async function listMigrations(): Promise<string[]> {
  return (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).sort();
}

/** Returns the statements of a migration file. A semicolon at the end of a line ends a statement. */
function splitStatements(text: string): string[] {
  return text
    .replaceAll(/^--.*$/gm, '')
    .split(/;[ \t]*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}
