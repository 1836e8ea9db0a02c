import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { MINUTE_MS, SECOND_MS } from '../../lib/durations.ts';
import { messageOf, StorageError } from '../../lib/errors.ts';
import { createConnection } from './client-connection.ts';
import { CLUSTER_SETTINGS, toClusterSql } from './cluster-sql.ts';
import { DATABASE_NAME, type OpenConnection, RESULT_SETTINGS } from './connection.ts';

/** How much longer than its time limit a query is waited for: the server may be gone without closing the connection. */
const LATE_MS = 1_000;
/** How long an insert may take: a block takes milliseconds. */
export const INSERT_MS = 10 * SECOND_MS;
/** Migrations and deletions. */
const COMMAND_MS = 10 * MINUTE_MS;

/**
 * Returns a function that opens connections to the ClickHouse server at `url`, which may contain a name and a password. With `creates`,
 * the database `appflow` is created if it doesn't exist, on all servers of `cluster`. Rejects with StorageError `unavailable`.
 */
export function connectToServer(
  url: string,
  { creates = true, cluster }: { creates?: boolean; cluster?: string | undefined } = {},
): OpenConnection {
  let created: Promise<void> | undefined;
  return async () => {
    created ??= creates ? createDatabase(url, cluster) : Promise.resolve();
    await created.catch((error: unknown) => {
      created = undefined;
      throw error;
    });
    const client = openClient(url, DATABASE_NAME, cluster);
    return createConnection(client, {
      command: (sql, body) => (body === undefined ? run(client, sql) : insert(client, sql, body)),
      giveUpAfter: (limitMs) => AbortSignal.timeout(limitMs + LATE_MS),
    });
  };
}

/** The answer comes at the end, so that it is complete or an error; until then, headers keep proxies from ending the connection. */
const LONG_ANSWERS = {
  wait_end_of_query: 1,
  send_progress_in_http_headers: 1,
  http_headers_progress_interval_ms: '30000',
} as const;

/** What a profile of the server must not change: an insert is complete when it is answered, and a token is recognized. */
const INSERT_SETTINGS = { async_insert: 0, wait_for_async_insert: 1, insert_deduplicate: 1 } as const;

const openClient = (url: string, database: string, cluster?: string): ClickHouseClient =>
  createClient({
    url,
    database,
    application: 'appflow',
    max_open_connections: 1,
    request_timeout: COMMAND_MS,
    // What fails is logged by the callers.
    log: { level: ClickHouseLogLevel.OFF },
    clickhouse_settings: {
      ...{ ...RESULT_SETTINGS, ...LONG_ANSWERS, ...INSERT_SETTINGS },
      ...(cluster === undefined ? {} : CLUSTER_SETTINGS),
    },
  });

async function createDatabase(url: string, cluster: string | undefined): Promise<void> {
  const client = openClient(url, 'default');
  try {
    // On a cluster, not at each start: it fails while a replica is down.
    if (cluster !== undefined && (await exists(client, DATABASE_NAME))) return;
    const sql = `CREATE DATABASE IF NOT EXISTS ${DATABASE_NAME}`;
    await client.command({ query: cluster === undefined ? sql : toClusterSql(sql, cluster) });
  } catch (error) {
    // The URL is not in the message: it may contain a password.
    const { host } = new URL(url);
    throw new StorageError(
      'unavailable',
      `The ClickHouse server at ${host} (CLICKHOUSE_URL) could not be used: ${messageOf(error)}`,
      error,
    );
  } finally {
    await client.close();
  }
}

async function exists(client: ClickHouseClient, database: string): Promise<boolean> {
  const found = await client.query({ query: `EXISTS DATABASE ${database}`, format: 'JSONCompactEachRow' });
  const [row] = await found.json<[number]>();
  return row?.[0] === 1;
}

/** The server gives up a second before this process does. */
const limitInsert = () => ({
  clickhouse_settings: { max_execution_time: INSERT_MS / SECOND_MS - 1 },
  abort_signal: AbortSignal.timeout(INSERT_MS),
});

/** A statement with rows in its text, which takes no longer than a block. */
const HAS_ROWS = /^INSERT INTO [^\n]+\s+FORMAT JSONCompactEachRow\n/;

async function run(client: ClickHouseClient, query: string): Promise<void> {
  await client.command({ query, ...(HAS_ROWS.test(query) && limitInsert()) });
}

async function insert(client: ClickHouseClient, sql: string, body: readonly Buffer[]): Promise<void> {
  const { stream } = await client.exec({
    query: `${sql} FORMAT RowBinary`,
    values: Readable.from(body, { objectMode: false }),
    ...limitInsert(),
  });
  stream.resume();
  await finished(stream);
}
