import { randomUUID } from 'node:crypto';
import { type QueryExecutorProvider, sql } from 'kysely';
import { Client } from 'pg';
import { SECOND_MS } from '../lib/durations.ts';
import { StorageError } from '../lib/errors.ts';
import type { ControlTransaction } from './control.ts';
import { toConnectError } from './postgres-errors.ts';
import { connectionTo } from './postgres-pool.ts';

/** Detects commits of other processes by notification and, in case a notification is lost, by polling. */
export type ChangeFeed = {
  /**
   * Returns a number that changes when another process commits: a few milliseconds later, or half a second if its
   * notification is lost. Throws StorageError `unavailable` while the database doesn't answer.
   */
  stamp: () => number;
  /** Returns how often the database went back to an earlier state. */
  countRollbacks: () => number;
  /** Rejects with StorageError if another process has the database open, or may have had: the lock that kept it out was lost. */
  requireAlone: (tx: ControlTransaction) => Promise<void>;
  /** Notifies the other processes of a write when `tx` commits. */
  announce: (tx: ControlTransaction) => Promise<unknown>;
  close: () => Promise<void>;
};

const CHANNEL = 'appflow_changes';
const POLL_MS = 500;
const ANSWER_TIMEOUT_MS = SECOND_MS;
const RECONNECT_MS = 100;

/** The current WAL file's name starts with the timeline ID. A failover starts a new timeline. */
const COUNTERS = `
  SELECT r.value AS revision, u.value AS flush, left(pg_walfile_name(pg_current_wal_lsn()), 8) AS timeline
  FROM revision r, usage_flush u WHERE r.id = 1 AND u.id = 1`;

type Counters = { revision: number; flush: number; timeline: string };

/** The advisory lock of all processes that have the database open for writing: "appfuse" in ASCII. */
const USE_LOCK = 0x61_70_70_66_75_73_65n;
/** A second one of the same processes, except for one that is alone: that takes it in each of its transactions. */
const WRITE_LOCK = USE_LOCK + 1n;

const IN_USE =
  'A server or a command uses this database. Stop all nodes, wait a minute, then run the command again.';
const LOST =
  'The connection to PostgreSQL that keeps other processes out of the database was lost. Run the command again.';
const RESERVED =
  'A command that needs exclusive access, such as `secret reset`, is using the control database in PostgreSQL. Wait for it to finish.';

/** A dead connection must not keep the lock for the hours that are the default. */
const KEEP_ALIVE =
  'SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 6';

/** The state of a feed. */
type State = {
  /** Whether it keeps other processes out. */
  readonly isSole: boolean;
  /** The payload of this process's own notifications. */
  readonly self: string;
  stamp: number;
  /** How often it has taken the locks, or tried to. */
  claims: number;
  rollbacks: number;
  /** The revision and the number of the last usage flush, as last polled; undefined before that. */
  counters: Counters | undefined;
  /** The error of the last poll; undefined if it succeeded. */
  failure: unknown;
  isStopped: boolean;
  /** Ends the wait for the next poll. */
  wake: () => void;
};

/**
 * Opens a feed of changes in the database in `url`. Resolves once it listens; rejects with StorageError if it can't, or if another process
 * has the database open and one of the two must be alone (`isSole`). Calls `onReconnect` after its connection was lost: other connections
 * may be dead too, although they look open.
 */
export async function openChangeFeed(
  url: string,
  { isSole, onReconnect }: { isSole: boolean; onReconnect: () => void },
): Promise<ChangeFeed> {
  const state: State = {
    isSole,
    self: randomUUID(),
    stamp: 0,
    claims: 0,
    rollbacks: 0,
    counters: undefined,
    failure: undefined,
    isStopped: false,
    wake() {},
  };
  const following = follow(url, state, await connect(url, state), onReconnect);
  return {
    stamp() {
      if (state.failure === undefined) return state.stamp;
      throw new StorageError(
        'unavailable',
        'The control database in PostgreSQL cannot be used',
        state.failure,
      );
    },
    countRollbacks: () => state.rollbacks,
    async requireAlone(tx) {
      // Another process may have come and gone meanwhile.
      if (state.failure !== undefined || state.claims > 1) throw new StorageError('unavailable', LOST);
      const { rows } = await sql<Taken>`SELECT pg_try_advisory_xact_lock(${WRITE_LOCK}) AS taken`.execute(tx);
      requireTaken(rows, IN_USE);
    },
    announce: (tx) => sql`SELECT pg_notify(${CHANNEL}, ${state.self})`.execute(tx),
    async close() {
      state.isStopped = true;
      state.wake();
      await following;
    },
  };
}

/** Opens a listening connection and polls once, so that no commit is missed between the poll and the first notification. */
async function connect(url: string, state: State): Promise<Client> {
  const client = new Client({ ...connectionTo(url), query_timeout: ANSWER_TIMEOUT_MS });
  client.on('error', (error) => {
    state.failure = error;
    state.wake();
  });
  client.on('notification', ({ payload }) => {
    if (payload !== state.self) state.stamp += 1;
  });
  try {
    await client.connect();
    await claim(client, state);
    await client.query(`LISTEN ${CHANNEL}`);
    // Notifications that were sent before LISTEN are missed.
    state.stamp += 1;
    await poll(client, state);
    return client;
  } catch (error) {
    end(client);
    throw toConnectError(error);
  }
}

/** Takes the locks, which end with the connection. */
async function claim(client: Client, state: State): Promise<void> {
  const { isSole } = state;
  await client.query(KEEP_ALIVE);
  state.claims += 1;
  requireTaken((await client.query<Taken>(toClaim(isSole))).rows, isSole ? IN_USE : RESERVED);
}

type Taken = { taken: boolean };

const toClaim = (isSole: boolean) =>
  isSole
    ? `SELECT pg_try_advisory_lock(${USE_LOCK}) AS taken`
    : `SELECT pg_try_advisory_lock_shared(${USE_LOCK}) AND pg_try_advisory_lock_shared(${WRITE_LOCK}) AS taken`;

function requireTaken([row]: readonly Taken[], message: string): void {
  if (row?.taken !== true) throw new StorageError('unavailable', message);
}

/** Runs `work` while a connection has the locks, as a feed has them afterwards. Rejects with StorageError if it can't take them. */
export async function whileClaimed<T>(
  connection: QueryExecutorProvider,
  isSole: boolean,
  work: () => Promise<T>,
): Promise<T> {
  try {
    const { rows } = await sql<Taken>`${sql.raw(toClaim(isSole))}`.execute(connection);
    requireTaken(rows, isSole ? IN_USE : RESERVED);
    return await work();
  } finally {
    // Now, not when the database notices that the connection was closed: the feed is opened next.
    await sql`SELECT pg_advisory_unlock_all()`.execute(connection);
  }
}

async function poll(client: Client, state: State): Promise<void> {
  const { rows } = await client.query<Counters>(COUNTERS);
  const [read] = rows;
  if (read === undefined)
    throw new Error('The tables revision and usage_flush of the control database are empty');
  const known = state.counters;
  if (known?.revision !== read.revision || known.flush !== read.flush) state.stamp += 1;
  if (known !== undefined && wentBack(known, read)) {
    state.rollbacks += 1;
    state.stamp += 1;
  }
  state.counters = read;
  state.failure = undefined;
}

/** On a new timeline, the same revision may stand for different changes. */
function wentBack(known: Counters, read: Counters): boolean {
  return read.timeline !== known.timeline || read.revision < known.revision;
}

/** Polls until it is stopped, over a new connection whenever one fails. */
async function follow(url: string, state: State, first: Client, onReconnect: () => void): Promise<void> {
  let client: Client | undefined = first;
  for (;;) {
    await rest(state, client === undefined ? RECONNECT_MS : POLL_MS);
    if (state.isStopped) break;
    try {
      if (client === undefined) {
        client = await connect(url, state);
        onReconnect();
      } else await poll(client, state);
    } catch (error) {
      state.failure = error;
      end(client);
      client = undefined;
    }
  }
  end(client);
}

/** Sleeps until the next poll or reconnect, or until `wake` is called. Doesn't keep the process alive. */
async function rest(state: State, ms: number): Promise<void> {
  const rested = Promise.withResolvers<void>();
  const timer = setTimeout(rested.resolve, ms);
  timer.unref();
  state.wake = rested.resolve;
  await rested.promise;
  clearTimeout(timer);
}

/** Closes a connection without waiting for the server, which may not answer. */
function end(client: Client | undefined): void {
  client?.end().catch(() => undefined);
}
