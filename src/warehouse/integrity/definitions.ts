import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../../lib/errors.ts';
import { DATABASE_NAME } from '../engine/connection.ts';
import { isDraft } from './rebuild.ts';
import { hashOf } from './sealed-file.ts';

/** The SHA-256 of each file that defines a table, by its path in the store's folder. */
export type Definitions = Record<string, string>;

const DATABASE_FILE = `metadata/${DATABASE_NAME}.sql`;

/** Returns the definitions in the store's folder; none in a new one. Rejects with the system's error. */
export async function readDefinitions(folder: string): Promise<Definitions> {
  const database = await readFile(join(folder, DATABASE_FILE), 'utf8');
  const uuid = /UUID '([0-9a-f-]{36})'/.exec(database)?.[1] ?? '';
  const tables = `store/${uuid.slice(0, 3)}/${uuid}`;
  const found: Definitions = { [DATABASE_FILE]: hashOf(database) };
  for (const name of await readdir(join(folder, tables))) {
    // A draft comes and goes: without it, nothing is missing.
    if (name.endsWith('.sql') && !isDraft(name.slice(0, -'.sql'.length)))
      found[`${tables}/${name}`] = hashOf(await readFile(join(folder, tables, name)));
  }
  return found;
}

/**
 * Rejects with StorageError if a recorded definition is missing or changed. The engine would not open, would not know the
 * table, or would look for its rows elsewhere and find none.
 */
export async function requireDefinitions(folder: string, recorded: Definitions): Promise<void> {
  for (const [path, hash] of Object.entries(recorded)) {
    const content = await readFile(join(folder, path)).catch(() => undefined);
    if (content !== undefined && hashOf(content) === hash) continue;
    const state = content === undefined ? 'is missing' : 'is damaged';
    throw new StorageError(
      'unavailable',
      `Cannot open the event store: ${join(folder, path)}, which defines a table, ${state}. ` +
        'Put this file back from a backup, or restore the whole data folder.',
    );
  }
}
