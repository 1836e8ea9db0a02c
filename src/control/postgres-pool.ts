import type { PostgresPool, PostgresPoolClient } from 'kysely';
import { type ClientConfig, Pool, type PoolClient, types } from 'pg';
import { SECOND_MS } from '../lib/durations.ts';
import { toConnectError, toPostgresError } from './postgres-errors.ts';

const CONNECT_TIMEOUT_MS = 5 * SECOND_MS;
const IDLE_IN_TRANSACTION_MS = 30 * SECOND_MS;

/** Limits of a connection pool. Times are in milliseconds; 0 means no limit. */
export type PoolLimits = {
  connections: number;
  statementMs: number;
  /** Client-side timeout, longer than the server's: it only applies when the server doesn't answer. */
  answerMs: number;
  lockMs: number;
};

/** For most statements. A write waits for a lock as long as with SQLite. */
export const STATEMENTS: PoolLimits = {
  connections: 10,
  statementMs: 10 * SECOND_MS,
  answerMs: 12 * SECOND_MS,
  lockMs: 5 * SECOND_MS,
};

/** For loading changes: a dead connection must not delay a revocation. */
export const LOADS: PoolLimits = {
  connections: 1,
  statementMs: 1.5 * SECOND_MS,
  answerMs: 2 * SECOND_MS,
  lockMs: SECOND_MS,
};

/** For migrations: building an index on a large table can take minutes. */
export const MIGRATIONS: PoolLimits = { connections: 1, statementMs: 0, answerMs: 0, lockMs: 0 };

const { INT8, NUMERIC } = types.builtins;

/** Times, revisions and counts are below 2^53: numbers, as SQLite returns them. The driver's default is text. */
const NUMBERS = {
  getTypeParser(id: number, format?: 'text' | 'binary') {
    if (format !== 'binary' && (id === INT8 || id === NUMERIC)) return Number;
    return types.getTypeParser(id, format as 'text');
  },
};

/** Returns the settings of a connection to the database in `url`. */
export function connectionTo(url: string): ClientConfig {
  return {
    connectionString: url,
    application_name: 'appflow',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    types: NUMBERS as NonNullable<ClientConfig['types']>,
  };
}

/** A pool for Kysely. */
export type GuardedPool = PostgresPool & {
  /** Discards idle connections, which may be dead although they look open. */
  renew: () => void;
};

/** Returns a pool of connections to the database in `url`. Failures become StorageErrors, and a failed connection is discarded. */
export function createPool(url: string, limits: PoolLimits): GuardedPool {
  let pool = openPool(url, limits);
  const guarded = new WeakMap<PoolClient, PostgresPoolClient>();
  return {
    async connect() {
      const client = await pool.connect().catch((error: unknown) => {
        throw toConnectError(error);
      });
      const known = guarded.get(client) ?? guardClient(client);
      guarded.set(client, known);
      return known;
    },
    renew() {
      // Connections in use are closed when they are released.
      pool.end().catch(() => undefined);
      pool = openPool(url, limits);
    },
    end: () => pool.end(),
    options: pool.options,
  };
}

function openPool(url: string, { connections, statementMs, answerMs, lockMs }: PoolLimits): Pool {
  const pool = new Pool({ ...connectionTo(url), max: connections, query_timeout: answerMs });
  // SET statements, because PgBouncer refuses these settings as startup parameters.
  const settings = Object.entries({
    statement_timeout: statementMs,
    lock_timeout: lockMs,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
  });
  pool.on('connect', (client) => {
    const statements = settings.map(([name, ms]) => `SET ${name} = ${ms}`);
    // If the connection is lost here, the next query reports it.
    client.query(statements.join('; ')).catch(() => undefined);
  });
  // The pool has already removed the connection; without a listener, the error would crash the process.
  pool.on('error', () => undefined);
  return pool;
}

/** Wraps a connection for Kysely. */
function guardClient(client: PoolClient): PostgresPoolClient {
  let failure: unknown;
  // The pool only handles errors of idle connections; without this listener, losing one in use would crash the process.
  client.on('error', (error) => {
    failure ??= toConnectError(error);
  });
  const query = async (text: string, parameters: readonly unknown[]) => {
    // Otherwise ROLLBACK would wait for the same timeout again.
    if (failure !== undefined) throw failure;
    try {
      return await client.query(text, [...parameters]);
    } catch (error) {
      const mapped = toPostgresError(error);
      if (mapped !== error) failure = mapped;
      throw mapped;
    }
  };
  return {
    query: query as unknown as PostgresPoolClient['query'],
    release: () => client.release(failure !== undefined),
  };
}
