import { access, constants, mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { createClient } from '@clickhouse/client';
import { createChdbConnection } from 'chdb/connection';
import { StorageError } from '../../lib/errors.ts';
import {
  CONNECTION_SETTINGS,
  type Connection,
  DATABASE_NAME,
  type OpenConnection,
  type QueryRun,
} from './connection.ts';
import { detachStdin } from './detach-stdin.ts';
import { explainOpenFailure, heldError } from './explain-open.ts';
import { restoreFatalSignals } from './fatal-signals.ts';
import { findLockHolder } from './folder-lock.ts';
import { markSql } from './kill.ts';

// On import: no caller can forget it, it runs once, and other threads hardly open files at that moment.
detachStdin();

type InjectedConnection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>;

/**
 * Returns a function that opens connections to the engine inside this process, on the folder `path`. One process per
 * folder and one folder per process: a second one is rejected with StorageError `unavailable`. `settings` are added to
 * CONNECTION_SETTINGS.
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
    const all = { ...CONNECTION_SETTINGS, ...settings };
    const setup = Object.entries(all).map(([name, value]) => `SET ${name} = '${value}'`);
    try {
      await client.command({ query: setup.join('; ') });
      await createDatabase(client);
      await client.command({ query: `USE ${DATABASE_NAME}` });
    } catch (error) {
      await client.close();
      throw new StorageError('unavailable', `Cannot prepare the event store in ${folder}`, error);
    }
    return createConnection(client);
  };
}

function createConnection(client: ReturnType<typeof createClient>): Connection {
  return {
    async query<Row>(sql: string, { limitMs, mark, isLong }: QueryRun) {
      // JSONEachRow only: with other formats, a partial result of a failed query can leak into the next query's
      // result. The limit comes after FORMAT, inside the text: there it applies to this statement only and leaves the
      // statement's own SETTINGS in place.
      const threads = isLong ? ', max_threads = 1' : '';
      const settings = `max_execution_time = ${limitMs / 1000}${threads}`;
      const query = `${markSql(mark)} ${sql}\nFORMAT JSONEachRow SETTINGS ${settings}`;
      const answer = await client.exec({ query });
      return await parseRows<Row>(await text(answer.stream));
    },
    async command(sql) {
      await client.command({ query: sql });
    },
    async close() {
      await client.close();
    },
  };
}

/** How much is parsed in one go, some 2 ms; a larger result lets others have the event loop in between. */
const PIECE_CHARACTERS = 256 * 1_024;

/** Parses all lines. Newlines inside values are always escaped, so each newline ends a row. */
async function parseRows<Row>(lines: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (let from = 0; from < lines.length; ) {
    if (from > 0) await setImmediate();
    const newline = lines.indexOf('\n', from + PIECE_CHARACTERS);
    const to = newline === -1 ? lines.length : newline;
    const piece = lines.slice(from, to).trimEnd();
    const parsed: Row[] = JSON.parse(`[${piece.replaceAll('\n', ',')}]`);
    if (from === 0 && to === lines.length) return parsed;
    for (const row of parsed) rows.push(row);
    from = to + 1;
  }
  return rows;
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
