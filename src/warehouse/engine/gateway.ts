import { errorCodeOf, messageOf, StorageError } from '../../lib/errors.ts';
import { bind } from './bind.ts';
import type { Connection, OpenConnection } from './connection.ts';
import { createFairChoice, QUICK_MS, QUICK_SLOT } from './fair-choice.ts';
import { type Killer, killStatement, MARKS } from './kill.ts';
import { openConnections, type Watch } from './renewed-connection.ts';
import { createSlotPool, untilAbort } from './slots.ts';

export type QueryOptions = {
  /** Time for waiting and running together. Default: QUERY_TIMEOUT_MS. */
  timeoutMs?: number;
  /** Ends the caller's wait immediately, and the statement soon after if the gateway has a `control`. */
  signal?: AbortSignal;
  /** Called first; what it returns is waited for, within the same time. */
  after?: () => Promise<void> | undefined;
  /** Expected to be short: goes before other queries of its project. */
  isLight?: boolean;
};

/** Runs statements over a few connections. All rejections are StorageErrors (or TypeError for a missing parameter). */
export type Gateway = {
  /**
   * Returns the rows of a SELECT without FORMAT. `{name:Type}` in it is replaced by `params.name`. Connections are
   * shared fairly between the values of `params.project_id`.
   */
  query<Row>(sql: string, params?: Record<string, unknown>, options?: QueryOptions): Promise<Row[]>;
  /**
   * Runs a statement without rows, exactly as given; `body` is what its `input()` reads, in a server. After a rejection it is unknown
   * whether it took effect.
   */
  command(sql: string, body?: readonly Buffer[]): Promise<void>;
  /** Waits for running statements, rejects waiting ones, closes the connections. */
  close(): Promise<void>;
};

/** Default time limit of a query. */
export const QUERY_TIMEOUT_MS = 15_000;
/** The engine checks its time limit only between units of work. Callers never wait longer than this on top. */
const GRACE_MS = 1_000;
const PREEMPT_EVERY_MS = 100;

/** How a gateway runs statements. */
export type GatewayOptions = {
  size: number;
  waitingMax: number;
  watch?: Watch;
  /**
   * Another gateway, through which queries of this one are killed when their caller has gone, or when they take long
   * where short ones are expected (see `fair-choice.ts`). Without it, they run until their time limit.
   */
  control?: Killer;
  /** While it returns true, each query gets one thread, which leaves CPU time to other work. */
  isBusy?: () => boolean;
  /** Called after a query that took long or failed: it may have left much memory to the allocator. */
  onHeavy?: () => void;
};

type Query = { text: string; deadlineMs: number; hasOneThread: boolean; signal: AbortSignal };

/** A statement was ended because it took long on the quick slot. Its query starts again on another one. */
class Preempted extends Error {}

let lastMark = 0;

/** Opens `size` connections. At most `waitingMax` callers wait for one; more are rejected with StorageError `busy`. */
export async function openGateway(open: OpenConnection, options: GatewayOptions): Promise<Gateway> {
  const { size, waitingMax, watch = (statement) => statement(), control } = options;
  const connections = await openConnections(open, size, watch).catch(rethrow);
  const pool = createSlotPool(connections, waitingMax, control && createFairChoice(size));

  return {
    async query<Row>(sql: string, params: Record<string, unknown> = {}, queryOptions: QueryOptions = {}) {
      const { timeoutMs = QUERY_TIMEOUT_MS, isLight = false } = queryOptions;
      const query = { text: bind(sql, params), deadlineMs: performance.now() + timeoutMs };
      const owner = typeof params.project_id === 'string' ? params.project_id : undefined;
      const run = (isLong: boolean, hasOneThread: boolean, signal: AbortSignal) =>
        pool.run(
          (slot, place) =>
            slot.run((connection) =>
              runQuery<Row>(connection, place, { ...query, hasOneThread, signal }, options, pool.hasWaiting),
            ),
          { owner, isLong, isLight, signal },
        );
      return await withDeadline(timeoutMs + GRACE_MS, queryOptions, async (signal) => {
        // Right after `after`: rows that arrive while the query waits for a connection say nothing about the rate.
        const isBusy = options.isBusy?.() ?? false;
        try {
          return await run(false, isBusy, signal);
        } catch (error) {
          if (!(error instanceof Preempted)) throw error;
          return await run(true, true, signal);
        }
      });
    },
    async command(sql, body) {
      await pool.run((slot) => slot.run((connection) => connection.command(sql, body))).catch(rethrow);
    },
    async close() {
      await pool.close();
    },
  };
}

/** Runs a query on a connection, and kills it on abort or when it takes long on the quick slot. */
async function runQuery<Row>(
  connection: Connection,
  place: number,
  { text, deadlineMs, hasOneThread, signal }: Query,
  { size, control, onHeavy }: GatewayOptions,
  hasWaiting: () => boolean,
): Promise<Row[]> {
  lastMark += 1;
  const mark = `${MARKS}${lastMark}`;
  const startedAt = performance.now();
  let [isSettled, isPreempted, isFailed] = [false, false, true];
  const kill = () => control && void killStatement(control, mark, () => isSettled);
  const preempt = () => {
    // While no one needs the reader, the work already done is not thrown away.
    if (isPreempted || performance.now() - startedAt < QUICK_MS || !hasWaiting()) return;
    isPreempted = true;
    kill();
  };
  const isOnTrial = control !== undefined && place === QUICK_SLOT && size > 1;
  const timer = isOnTrial ? setInterval(preempt, PREEMPT_EVERY_MS) : undefined;
  signal.addEventListener('abort', kill, { once: true });
  try {
    signal.throwIfAborted();
    const limitMs = Math.max(10, Math.ceil(deadlineMs - performance.now()));
    const rows = await connection.query<Row>(text, { limitMs, mark, hasOneThread });
    // Throwing here replaces the connection of an abandoned statement, like that of a failed one.
    signal.throwIfAborted();
    isFailed = false;
    return rows;
  } catch (error) {
    throw isPreempted && !signal.aborted ? new Preempted() : error;
  } finally {
    isSettled = true;
    clearInterval(timer);
    signal.removeEventListener('abort', kill);
    if (isFailed || performance.now() - startedAt > QUICK_MS) onHeavy?.();
  }
}

/** Ends the caller's wait on abort or deadline, which `work` sees as an abort of its signal. */
async function withDeadline<T>(
  waitMs: number,
  { signal, after }: QueryOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(timedOut()), waitMs);
  const onAbort = () =>
    deadline.abort(new StorageError('unavailable', 'The query was given up by its caller', signal?.reason));
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const before = after?.();
    if (before !== undefined) await untilAbort(before, deadline.signal);
    return await work(deadline.signal);
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

function timedOut(cause?: unknown): StorageError {
  return new StorageError('timeout', 'The query took too long', cause);
}

/**
 * Engine errors: TIMEOUT_EXCEEDED, MEMORY_LIMIT_EXCEEDED, TOO_MANY_ROWS_OR_BYTES (files of a spilling query),
 * NOT_ENOUGH_SPACE.
 */
const [TIMEOUT, MEMORY, TOO_MANY_BYTES, NO_SPACE] = ['159', '241', '396', '243'] as const;

const DISK_FULL = 'The event store cannot be written: the disk is full; make room, then it works again';

function toStorageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const code = errorCodeOf(error);
  if (code === TIMEOUT) return timedOut(error);
  // "(total)": the whole process reached its limit, which the next attempt may not.
  const isOwnLimit = code === TOO_MANY_BYTES || (code === MEMORY && !messageOf(error).includes('(total)'));
  if (isOwnLimit) return new StorageError('too_large', 'The query needs more memory than one may use', error);
  if (code === NO_SPACE) return new StorageError('unavailable', DISK_FULL, error);
  if (code === MEMORY) return new StorageError('busy', 'The event store has no memory left', error);
  return new StorageError('unavailable', 'The event store could not answer', error);
}
