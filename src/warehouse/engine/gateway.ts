import { errorCodeOf, StorageError } from '../../lib/errors.ts';
import { bind } from './bind.ts';
import type { Connection, OpenConnection } from './connection.ts';
import { createSlotPool, type SlotPool, untilAbort } from './slots.ts';

export type QueryOptions = {
  /** Time for waiting and running together. Default: QUERY_TIMEOUT_MS. */
  timeoutMs?: number;
  /** Ends the caller's wait immediately. In process, the statement keeps running until its time limit. */
  signal?: AbortSignal;
  /** Called first; what it returns is waited for, within the same time. */
  after?: () => Promise<void> | undefined;
};

/** Runs statements over a few connections. All rejections are StorageErrors (or TypeError for a missing parameter). */
export type Gateway = {
  /** Returns the rows of a SELECT without FORMAT. `{name:Type}` in it is replaced by `params.name`. */
  query<Row>(sql: string, params?: Record<string, unknown>, options?: QueryOptions): Promise<Row[]>;
  /** Runs a statement without rows, exactly as given. After a rejection it is unknown whether it took effect. */
  command(sql: string): Promise<void>;
  /** Waits for running statements, rejects waiting ones, closes the connections. */
  close(): Promise<void>;
};

/** Default time limit of a query. */
export const QUERY_TIMEOUT_MS = 15_000;
/** The engine checks its time limit only between units of work. Callers never wait longer than this on top. */
const GRACE_MS = 1_000;

/** How a gateway runs statements. */
export type GatewayOptions = {
  size: number;
  waitingMax: number;
  /** Runs each statement once it has its connection. */
  watch?: <T>(statement: () => Promise<T>) => Promise<T>;
};

/** Opens `size` connections. At most `waitingMax` callers wait for one; more are rejected with StorageError `busy`. */
export async function openGateway(
  open: OpenConnection,
  { size, waitingMax, watch = (statement) => statement() }: GatewayOptions,
): Promise<Gateway> {
  const connections = await openAll(open, size);
  const pool = createSlotPool(connections.map(createSlot), waitingMax);

  function createSlot(first: Connection) {
    let connection: Connection | undefined = first;
    async function run<T>(statement: (connection: Connection) => Promise<T>): Promise<T> {
      connection ??= await open();
      const used = connection;
      try {
        return await statement(used);
      } catch (error) {
        // Half an answer may be left in it. The next one opens before this one closes, so that the
        // engine never stops in between; when it cannot open, the next statement tries again.
        connection = await open().catch(() => undefined);
        await used.close().catch(() => undefined);
        throw error;
      }
    }
    return {
      run: <T>(statement: (connection: Connection) => Promise<T>) => watch(() => run(statement)),
      async close() {
        await connection?.close();
      },
    };
  }

  return {
    async query<Row>(sql: string, params?: Record<string, unknown>, options: QueryOptions = {}) {
      const text = bind(sql, params);
      const timeoutMs = options.timeoutMs ?? QUERY_TIMEOUT_MS;
      const deadline = performance.now() + timeoutMs;
      const work = (connection: Connection) =>
        connection.query<Row>(text, Math.max(10, Math.ceil(deadline - performance.now())));
      return await runBounded(pool, work, timeoutMs + GRACE_MS, options);
    },
    async command(sql) {
      await pool.run((slot) => slot.run((connection) => connection.command(sql))).catch(rethrow);
    },
    async close() {
      await pool.close();
    },
  };
}

/** Opens them in parallel, because each takes a while. When one fails, none stays open. */
async function openAll(open: OpenConnection, size: number): Promise<Connection[]> {
  const attempts = await Promise.allSettled(Array.from({ length: size }, () => open()));
  const connections = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
  const failed = attempts.find((attempt) => attempt.status === 'rejected');
  if (failed === undefined) return connections;
  await Promise.allSettled(connections.map((connection) => connection.close()));
  throw toStorageError(failed.reason);
}

type Slot = { run<T>(statement: (connection: Connection) => Promise<T>): Promise<T>; close(): Promise<void> };

/** Ends the caller's wait on abort or deadline. The slot stays taken until its statement has settled. */
async function runBounded<T>(
  pool: SlotPool<Slot>,
  statement: (connection: Connection) => Promise<T>,
  waitMs: number,
  { signal, after }: QueryOptions,
): Promise<T> {
  const deadline = new AbortController();
  const timer = setTimeout(
    () => deadline.abort(new StorageError('timeout', 'The query took too long')),
    waitMs,
  );
  const onAbort = () =>
    deadline.abort(new StorageError('unavailable', 'The query was given up by its caller', signal?.reason));
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const before = after?.();
    if (before !== undefined) await untilAbort(before, deadline.signal);
    return await pool.run(async (slot) => {
      // Throwing here replaces the connection of an abandoned statement, like that of a failed one.
      return await slot.run(async (connection) => {
        const result = await statement(connection);
        deadline.signal.throwIfAborted();
        return result;
      });
    }, deadline.signal);
  } catch (error) {
    throw toStorageError(error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

function rethrow(error: unknown): never {
  throw toStorageError(error);
}

/** Engine error 159 is TIMEOUT_EXCEEDED. */
function toStorageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const code = errorCodeOf(error);
  if (code === '159') return new StorageError('timeout', 'The query took too long', error);
  return new StorageError('unavailable', 'The event store could not answer', error);
}
