import { access, constants, mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createClient } from '@clickhouse/client';
import { createChdbConnection } from 'chdb/connection';
import { StorageError } from '../../lib/errors.ts';
import { createConnection } from './client-connection.ts';
import { DATABASE_NAME, EMBEDDED_SETTINGS, type OpenConnection, RESULT_SETTINGS } from './connection.ts';
import { detachStdin } from './detach-stdin.ts';
import { explainOpenFailure, heldError } from './explain-open.ts';
import { restoreFatalSignals } from './fatal-signals.ts';
import { findLockHolder } from './folder-lock.ts';

// On import: no caller can forget it, it runs once, and other threads hardly open files at that moment.
detachStdin();

type InjectedConnection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>;

/**
 * Returns a function that opens connections to the engine inside this process, on the folder `path`. One process per
 * folder and one folder per process: a second one is rejected with StorageError `unavailable`. `settings` are added to
 * those of every connection.
 */
export function embedded(path: string, settings: Record<string, number> = {}): OpenConnection {
  const folder = resolve(path);
  let created: Promise<unknown> | undefined;
  /** Runs once for all connections. After a failure the next connection tries again. */
  function createDatabase(client: ReturnType<typeof createClient>): Promise<unknown> {
    created ??= client
      .command({ query: `CREATE DATABASE IF NOT EXISTS ${DATABASE_NAME}` })
      .catch((error: unknown) => {
        created = undefined;
        throw error;
      });
    return created;
  }
  return async () => {
    const client = await connect(folder);
    const all = { ...RESULT_SETTINGS, ...EMBEDDED_SETTINGS, ...settings };
    const setup = Object.entries(all).map(([name, value]) => `SET ${name} = '${value}'`);
    try {
      await client.command({ query: setup.join('; ') });
      await createDatabase(client);
      await client.command({ query: `USE ${DATABASE_NAME}` });
    } catch (error) {
      await client.close();
      throw new StorageError('unavailable', `Cannot prepare the event store in ${folder}`, error);
    }
    return createConnection(client, {
      async command(query) {
        await client.command({ query });
      },
    });
  };
}

async function connect(folder: string) {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new StorageError(
      'unavailable',
      `The event store folder ${folder} cannot be read and written`,
      error,
    );
  }
  const holder = await findLockHolder(folder);
  if (holder !== undefined) throw heldError(folder, `another Appflow process (${holder})`);
  try {
    // The two packages ship identical copies of one interface; only the copies' private fields differ.
    const connection = createChdbConnection({ path: folder }) as unknown as InjectedConnection;
    restoreFatalSignals();
    return createClient({ connection });
  } catch (error) {
    throw await explainOpenFailure(folder, error);
  }
}
