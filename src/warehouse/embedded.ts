import { access, constants, mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { createClient } from '@clickhouse/client';
import { createChdbConnection } from 'chdb/connection';
import { type Connection, connectionSettings, databaseName, type OpenConnection } from './connection.ts';
import { StorageError } from './storage-error.ts';

type InjectedConnection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>;

/**
 * Returns a function that opens connections to the engine inside this process, on the folder `path`.
 * One process a folder and one folder a process: a second one is refused with StorageError `unavailable`.
 */
export function embedded(path: string): OpenConnection {
  const folder = resolve(path);
  return async () => {
    await mkdir(folder, { recursive: true });
    const client = await connect(folder);
    const setup = Object.entries(connectionSettings).map(([name, value]) => `SET ${name} = '${value}'`);
    try {
      await client.command({ query: setup.join('; ') });
      await client.command({ query: `CREATE DATABASE IF NOT EXISTS ${databaseName}` });
      await client.command({ query: `USE ${databaseName}` });
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
  await access(folder, constants.R_OK | constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw new StorageError(
      'unavailable',
      `The event store folder ${folder} cannot be read and written`,
      error,
    );
  });
  try {
    // The two packages carry equal copies of one interface; only the copies' private fields differ.
    const connection = createChdbConnection({ path: folder }) as unknown as InjectedConnection;
    return createClient({ connection });
  } catch (error) {
    throw new StorageError('unavailable', await refusal(folder), error);
  }
}

/** The engine says only "failed"; its lock file names the process that holds the folder. */
async function refusal(folder: string): Promise<string> {
  const status = await readFile(join(folder, 'status'), 'utf8').catch(() => '');
  const holder = /PID: (\d+)/.exec(status)?.[1];
  if (holder === String(process.pid)) {
    return `This process already holds another event store, or the one in ${folder} is damaged; one process opens one folder`;
  }
  const who = holder === undefined ? '' : ` (last used by process ${holder})`;
  return `Cannot open the event store in ${folder}: another Appflow process holds it${who}. Stop that process, or choose another folder`;
}
