import { StorageError } from '../lib/storage-error.ts';
import { bind } from './bind.ts';
import type { Connection, OpenConnection } from './connection.ts';
import { createSlots, type Slots, untilAbort } from './slots.ts';
import type { Watchdog } from './watchdog.ts';

export type QueryOptions = {
  /** Time for waiting and running together; QUERY_TIMEOUT_MS when absent. */
  timeoutMs?: number;
  /** Ends the caller's wait at once. In process the statement runs on until its time limit. */
  signal?: AbortSignal;
  /** Called first; what it returns is waited for, within the same time. */
  after?: () => Promise<void> | undefined;
};

/** Statements over a few connections. Everything that rejects is a StorageError (or TypeError for a missing parameter). */
export type Gateway = {
  /** Returns the rows of a SELECT without FORMAT. `{name:Type}` in it stands for `params.name`. */
  query<Row>(sql: string, params?: Record<string, unknown>, options?: QueryOptions): Promise<Row[]>;
  /** Runs a statement without rows, as it is. A rejection leaves open whether it took effect. */
  command(sql: string): Promise<void>;
  /** Waits for what runs, rejects what waits, closes the connections. */
  close(): Promise<void>;
};

/** How long a question may take. */
export const QUERY_TIMEOUT_MS = 15_000;
/** The engine looks at its time limit between pieces of work; a caller never waits longer than this on top. */
const GRACE_MS = 1_000;

export type GatewayOptions = {
  size: number;
  waitingMax: number;
  /** Runs each statement once it has its connection. */
  watch?: Watchdog['watch'];
};

/** Opens `size` connections; at most `waitingMax` callers wait for one, further ones get StorageError `busy`. */
export async function openGateway(
  open: OpenConnection,
  { size, waitingMax, watch = (statement) => statement() }: GatewayOptions,
): Promise<Gateway> {
  const connections = await openAll(open, size);
  const slots = createSlots(connections.map(createSlot), waitingMax);

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
      return await bounded(slots, work, timeoutMs + GRACE_MS, options);
    },
    async command(sql) {
      await slots.run((slot) => slot.run((connection) => connection.command(sql))).catch(rethrow);
    },
    async close() {
      await slots.close();
    },
  };
}

/** Side by side, as each takes a while; when one cannot be had, none stays open. */
async function openAll(open: OpenConnection, size: number): Promise<Connection[]> {
  const attempts = await Promise.allSettled(Array.from({ length: size }, () => open()));
  const connections = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
  const failed = attempts.find((attempt) => attempt.status === 'rejected');
  if (failed === undefined) return connections;
  await Promise.allSettled(connections.map((connection) => connection.close()));
  throw storageError(failed.reason);
}

type Slot = { run<T>(statement: (connection: Connection) => Promise<T>): Promise<T>; close(): Promise<void> };

/** Ends the caller's wait on abort or deadline; the slot stays taken until its statement has settled. */
async function bounded<T>(
  slots: Slots<Slot>,
  statement: (connection: Connection) => Promise<T>,
  waitMs: number,
  { signal, after }: QueryOptions,
): Promise<T> {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(new StorageError('timeout', 'The query took too long')), waitMs);
  const giveUp = () =>
    over.abort(new StorageError('unavailable', 'The query was given up by its caller', signal?.reason));
  if (signal?.aborted) giveUp();
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    const before = after?.();
    if (before !== undefined) await untilAbort(before, over.signal);
    return await slots.run(async (slot) => {
      // An abandoned statement's connection is replaced like a failed one's.
      return await slot.run(async (connection) => {
        const result = await statement(connection);
        over.signal.throwIfAborted();
        return result;
      });
    }, over.signal);
  } catch (error) {
    throw storageError(error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', giveUp);
  }
}

function rethrow(error: unknown): never {
  throw storageError(error);
}

/** Engine error 159 is TIMEOUT_EXCEEDED. */
function storageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === '159') return new StorageError('timeout', 'The query took too long', error);
  return new StorageError('unavailable', 'The event store could not answer', error);
}
