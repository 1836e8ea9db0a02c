import { access, constants, mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { createClient } from '@clickhouse/client';
import { createChdbConnection } from 'chdb/connection';
import { StorageError } from '../lib/storage-error.ts';
import { CONNECTION_SETTINGS, type Connection, DATABASE_NAME, type OpenConnection } from './connection.ts';
import { detachStdin } from './detach-stdin.ts';
import { findHolder } from './folder-lock.ts';

// On import: no caller can forget it, it runs once, and other threads hardly open files at that moment.
detachStdin();

type InjectedConnection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>;

/**
 * Returns a function that opens connections to the engine inside this process, on the folder `path`.
 * One process a folder and one folder a process: a second one is refused with StorageError `unavailable`.
 */
export function embedded(path: string): OpenConnection {
  const folder = resolve(path);
  let created: Promise<unknown> | undefined;
  /** Once for all connections; what failed is tried again by the next one. */
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
    const setup = Object.entries(CONNECTION_SETTINGS).map(([name, value]) => `SET ${name} = '${value}'`);
    try {
      await client.command({ query: setup.join('; ') });
      await createDatabase(client);
      await client.command({ query: `USE ${DATABASE_NAME}` });
    } catch (error) {
      await client.close();
      throw new StorageError('unavailable', `Cannot prepare the event store in ${folder}`, error);
    }
    return connectionOver(client);
  };
}

function connectionOver(client: ReturnType<typeof createClient>): Connection {
  return {
    async query<Row>(sql: string, limitMs: number) {
      // JSONEachRow only: with other formats a failed query's half answer can precede the next one's.
      // The limit stands behind FORMAT, in the text: there it binds this statement and leaves the
      // statement its own SETTINGS.
      const query = `${sql}\nFORMAT JSONEachRow SETTINGS max_execution_time = ${limitMs / 1000}`;
      const answer = await client.exec({ query });
      return parseRows<Row>(await text(answer.stream));
    },
    async command(sql) {
      await client.command({ query: sql });
    },
    async close() {
      await client.close();
    },
  };
}

/** One parse for all lines: a newline inside a value is always escaped, so each one ends a row. */
function parseRows<Row>(lines: string): Row[] {
  return JSON.parse(`[${lines.trimEnd().replaceAll('\n', ',')}]`) as Row[];
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
  const holder = await findHolder(folder);
  if (holder !== undefined) throw new StorageError('unavailable', heldBy(folder, holder));
  try {
    // The two packages carry equal copies of one interface; only the copies' private fields differ.
    const connection = createChdbConnection({ path: folder }) as unknown as InjectedConnection;
    return createClient({ connection });
  } catch (error) {
    throw new StorageError('unavailable', await refusal(folder, error), error);
  }
}

/** The engine says only "failed" when another process holds its lock; the lock file names that process. */
async function refusal(folder: string, error: unknown): Promise<string> {
  if (error instanceof Error && error.message.includes('one active data directory')) {
    return `Cannot open the event store in ${folder}: this process has another one open, and may have only one`;
  }
  const status = await readFile(join(folder, 'status'), 'utf8').catch(() => '');
  const holder = /PID: (\d+)/.exec(status)?.[1] ?? 'unknown';
  return heldBy(folder, holder);
}

const heldBy = (folder: string, holder: number | string) =>
  `Cannot open the event store in ${folder}: another Appflow process (${holder}) holds it. Stop it, or set APPFLOW_DATA_DIR to another folder`;
