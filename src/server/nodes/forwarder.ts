import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Clock } from '../../lib/clock.ts';
import { SECOND_MS } from '../../lib/durations.ts';
import { StorageError } from '../../lib/errors.ts';
import { createFailureLog } from '../../lib/failure-log.ts';
import type { Log } from '../../lib/log.ts';
import { type Append, createAppendQueue, encodeAppend, QUEUE_LIMITS } from '../../warehouse/append-queue.ts';
import type { EventRow } from '../../warehouse/event-row.ts';
import type { Warehouse } from '../../warehouse/open.ts';
import { appendRuns, type RowAnswer } from './append-runs.ts';
import type { Election } from './election.ts';
import { APPEND_PATH } from './node-listener.ts';
import { type NodeClient, NotReached, type Owner } from './node-request.ts';

/** Sends events to the node that stores them, many requests together. */
export type Forwarder = Pick<Warehouse, 'append' | 'queue' | 'isFailing'>;

export type ForwarderOptions = {
  client: Pick<NodeClient, 'post'>;
  election: Pick<Election, 'owner' | 'poke' | 'changed'>;
  /** This node's own store, while it is the one that stores events. */
  own: () => Pick<Warehouse, 'append'> | undefined;
  /** Whether an event is of a person who has been erased since it was checked. */
  isErased: (row: EventRow) => boolean;
  /** Called when the other node knows of an erasure that this one does not. */
  onErased: () => Promise<void>;
  clock: Clock;
  log: Log;
};

/** Requests to the other node at the same time; what arrives meanwhile is sent together. */
const PARALLEL = 4;
/** Longer than a block takes, shorter than a client waits. */
const SEND_MS = 20 * SECOND_MS;
/** How long events wait for the next node while the lease moves. */
const HANDOVER_MS = 4 * SECOND_MS;
/** How long reading the lease is waited for. */
const POKE_MS = SECOND_MS;

/** Returns a forwarder with nothing queued. */
export function createForwarder(options: ForwarderOptions): Forwarder {
  const queue = createAppendQueue(QUEUE_LIMITS);
  const failures = createFailureLog(options);
  let running = 0;

  async function drain(): Promise<void> {
    running += 1;
    // Requests that arrived together are sent together.
    await setImmediate();
    for (let appends = queue.take(); appends.length > 0; appends = queue.take()) {
      try {
        const answers = await send(options, appends);
        if (answers.includes('e' satisfies RowAnswer)) await options.onErased();
        settle(appends, answers);
        failures.end();
      } catch (error) {
        failures.add(error, 'events could not be sent to the node that stores them');
        for (const { reject } of appends) reject(error);
      }
    }
    running -= 1;
  }

  return {
    async append(rows) {
      const [first] = rows;
      if (first === undefined) return [];
      if (queue.size().rows + rows.length > QUEUE_LIMITS.rowsMax) throw queueFull();
      const { promise, resolve, reject } = Promise.withResolvers<boolean[]>();
      const append = { ...encodeAppend(rows, QUEUE_LIMITS), resolve, reject };
      if (!queue.push(first.project_id, append)) throw queueFull();
      if (running < PARALLEL) void drain();
      return await promise;
    },
    queue: () => ({ ...queue.size(), rowsMax: QUEUE_LIMITS.rowsMax, bytesMax: QUEUE_LIMITS.bytesMax }),
    isFailing: failures.isFailing,
  };
}

const queueFull = () =>
  new StorageError('busy', 'Too many events wait to be sent to the node that stores them');

const unavailable = (cause?: unknown) =>
  new StorageError('unavailable', 'The node that stores events does not answer', cause);

/** Returns a letter per row. Waits while the lease moves to another node. Rejects with StorageError. */
async function send(options: ForwarderOptions, appends: readonly Append[]): Promise<string> {
  const { election, own } = options;
  const runs = appends.map(({ rows }) => rows);
  const body = Buffer.concat(appends.map(({ encoded }) => encoded.bytes));
  const stopMs = performance.now() + HANDOVER_MS;
  for (;;) {
    const store = own();
    if (store) return await appendRuns(store, runs, options.isErased);
    const owner = election.owner();
    const outcome = owner === undefined ? 'moving' : await post(options.client, owner, body);
    if (typeof outcome === 'object') return requireAnswers(outcome.answers, appends);
    const reading = election.poke();
    if (outcome === 'away') await requireOther(election, owner, reading);
    const leftMs = stopMs - performance.now();
    if (leftMs <= 0) throw unavailable();
    await election.changed(owner, leftMs);
  }
}

/** A node that cannot be reached although it has the lease may still have it for most of a minute. */
async function requireOther(
  election: ForwarderOptions['election'],
  owner: Owner | undefined,
  reading: Promise<void>,
): Promise<void> {
  await Promise.race([reading, setTimeout(POKE_MS)]);
  if (election.owner() === owner) throw unavailable();
}

/** `moving`: the other node stops or does not store events any more. `away`: it cannot be reached. Nothing was done in both cases. */
async function post(
  client: ForwarderOptions['client'],
  owner: Owner,
  body: Buffer,
): Promise<{ answers: string } | 'moving' | 'away'> {
  try {
    const answer = await client.post(owner, APPEND_PATH, body, SEND_MS);
    if (answer.status === 200 && answer.isSigned) return { answers: answer.body };
    // 401: it has the lease again, under another ID.
    if (answer.status === 409 || answer.status === 401) return 'moving';
    throw unavailable(`status ${answer.status}`);
  } catch (error) {
    if (error instanceof NotReached) return 'away';
    throw error instanceof StorageError ? error : unavailable(error);
  }
}

function requireAnswers(answers: string, appends: readonly Append[]): string {
  const rows = appends.reduce((sum, append) => sum + append.rows.length, 0);
  if (answers.length !== rows) throw unavailable(`${answers.length} answers for ${rows} rows`);
  return answers;
}

/** Answers each append by the letters of its rows. */
function settle(appends: readonly Append[], answers: string): void {
  let start = 0;
  for (const { rows, resolve, reject } of appends) {
    const own = answers.slice(start, start + rows.length);
    start += rows.length;
    if (/^[01]*$/.test(own)) resolve([...own].map((letter) => letter === '1'));
    else if (own.includes('b' satisfies RowAnswer)) reject(queueFull());
    else reject(unavailable('it could not store these events'));
  }
}
