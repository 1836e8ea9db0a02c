import type { KeyObject } from 'node:crypto';
import type { Control } from '../../control/control.ts';
import type { Lease } from '../../control/lease.ts';
import type { Clock } from '../../lib/clock.ts';
import { SECOND_MS } from '../../lib/durations.ts';
import { StorageError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { runPeriodically } from '../../lib/periodic.ts';
import type { EventRow } from '../../warehouse/event-row.ts';
import { createFeed } from '../../warehouse/feed.ts';
import type { Warehouse } from '../../warehouse/open.ts';
import { startElection } from './election.ts';
import type { EventReader } from './event-reader.ts';
import { followFeed } from './feed-follower.ts';
import { createFeedHub, type FeedHub } from './feed-hub.ts';
import { createForwarder } from './forwarder.ts';
import { listenForNodes } from './node-listener.ts';
import { createNodeClient } from './node-request.ts';
import { type Publisher, publishInserted } from './publish-inserted.ts';
import { createSignatureCheck } from './signature.ts';

/** A store that this process may write to, and its lease, which closing the store releases. */
export type OpenedStore = { warehouse: Warehouse; lease: Pick<Lease, 'holder' | 'announce'> };

export type NodeOptions = {
  /** Where other nodes reach this one. */
  address: string;
  control: Pick<Control, 'db'>;
  leaseName: string;
  reader: EventReader;
  /** What requests are signed with: the first key; the others are accepted. */
  keys: readonly [KeyObject, ...KeyObject[]];
  /** Takes the lease and opens the store for writing, unless `signal` fires before; undefined if another process has the lease. */
  open: (signal: AbortSignal) => Promise<OpenedStore | undefined>;
  /** Starts what only the node does that stores events. Returns the function that stops it. */
  startOwn: (own: Warehouse) => () => Promise<void>;
  isErased: (row: EventRow) => boolean;
  /** Reads the erasures that other nodes know of. Rejects with StorageError. */
  onErased: () => Promise<void>;
  clock: Clock;
  log: Log;
};

/** One of several nodes that answer everything; one of them stores the events. */
export type Node = {
  warehouse: Warehouse;
  /** Lets another node store events, if this one does. */
  handOver(): Promise<void>;
};

type Own = OpenedStore & {
  hub: FeedHub;
  publisher: Publisher;
  stopOwn: () => Promise<void>;
  stopAnnouncing: () => Promise<void>;
};

/** Starts a node. Rejects if it cannot listen at its address. */
export async function startNode(options: NodeOptions): Promise<Node> {
  const { address, reader, keys, clock, log } = options;
  const source = createFeed(reader.reached);
  let own: Own | undefined;
  const { check } = createSignatureCheck(keys, clock);
  const stopListening = await listenForNodes(address, {
    own: () => own && { holder: own.lease.holder, warehouse: own.warehouse, hub: own.hub },
    check,
    isErased: options.isErased,
    log,
  });
  const client = createNodeClient(keys[0], clock);
  const election = startElection({
    ...{ control: options.control, name: options.leaseName, log },
    async take(signal) {
      const opened = await openCurrent(options, signal);
      if (opened !== undefined) own = startOwn(options, opened, source.publish);
      return opened?.lease;
    },
  });
  const shared = { client, election, clock, log };
  const forwarder = createForwarder({ ...options, ...shared, own: () => own?.warehouse });
  const follower = followFeed({ ...shared, isOwn: () => own !== undefined, source });

  async function handOver(): Promise<void> {
    await election.withdraw();
    const before = own;
    if (before === undefined) return;
    await before.stopAnnouncing();
    await before.stopOwn();
    // From here on, this node forwards what it gets.
    own = undefined;
    await before.warehouse.close().finally(() => {
      before.publisher.stop();
      before.hub.close();
    });
    log.info('another node may store events now');
  }

  const other = {
    ...forwarder,
    ...reader,
    ...LEFT_TO_OWNER,
    listProblems: () => [],
    oldestStatementMs: () => 0,
  };
  const isFailing = () => forwarder.isFailing() || follower.isAway();
  const warehouse = switchStore(() => own?.warehouse, { ...other, isFailing, feed: follower.feed });
  return {
    handOver,
    warehouse: {
      ...warehouse,
      async close() {
        await handOver();
        await election.stop();
        await follower.stop();
        await stopListening();
        client.close();
        await reader.close();
      },
    },
  };
}

/**
 * Takes the lease, opens the store and reads the erasures, so that it refuses events of people the previous owner erased, from the first
 * one on. Undefined if another process has the lease; rejects with StorageError.
 */
async function openCurrent(
  { open, onErased }: NodeOptions,
  signal: AbortSignal,
): Promise<OpenedStore | undefined> {
  const opened = await open(signal);
  if (opened === undefined) return undefined;
  try {
    await onErased();
    return opened;
  } catch (error) {
    await opened.warehouse.close();
    throw error;
  }
}

/** Returns this node's own store while it stores the events, and otherwise what it has in place of it. */
function switchStore(own: () => Warehouse | undefined, other: Omit<Warehouse, 'hasLinks'>): Warehouse {
  const current = () => own() ?? other;
  return {
    query: (...args) => current().query(...args),
    append: (rows) => current().append(rows),
    // Its readers stay when the lease moves.
    feed: other.feed,
    queue: () => current().queue(),
    isFailing: () => current().isFailing(),
    deleteEvents: (deletion) => current().deleteEvents(deletion),
    forgetIds: () => current().forgetIds(),
    rebuild: (...args) => current().rebuild(...args),
    settled: () => current().settled(),
    copyTo: (...args) => current().copyTo(...args),
    maintenance: {
      query: (...args) => current().maintenance.query(...args),
      command: (...args) => current().maintenance.command(...args),
    },
    onStored: (listener) => current().onStored(listener),
    oldestStatementMs: () => current().oldestStatementMs(),
    listProblems: () => current().listProblems(),
    // Only the node that stores events knows immediately when an ID is linked.
    hasLinks: (projectId) => own()?.hasLinks(projectId) ?? true,
    isAnswering: () => current().isAnswering(),
    close: async () => {},
  };
}

/** Makes this node the one that stores events. In one turn: nothing is stored before it is published to all who follow. */
function startOwn(
  { address, log, startOwn: start }: NodeOptions,
  { warehouse, lease }: OpenedStore,
  publish: (block: number, rows?: readonly EventRow[]) => void,
): Own {
  const reached = warehouse.feed.reached('');
  const hub = createFeedHub(reached);
  // What other nodes stored before is only in the tables.
  publish(reached);
  const publisher = publishInserted(warehouse, hub.publish);
  warehouse.onStored((rows, block) => {
    publish(block, rows);
    publisher.publish(rows, block);
  });
  const stopOwn = start(warehouse);
  let isAnnounced = false;
  const stopAnnouncing = runPeriodically({
    everyMs: SECOND_MS,
    async run() {
      if (!isAnnounced) await lease.announce(address);
      isAnnounced = true;
    },
    onError: (err) => log.warn({ err }, 'the address of this node could not be stored; tried again'),
  });
  log.info({ address }, 'this node stores the events');
  return { warehouse, lease, hub, publisher, stopOwn, stopAnnouncing };
}

const leftToOwner = async () => {
  throw new StorageError('busy', 'Only the node that stores events may do this');
};

/** What a node that does not store events does not do. */
const LEFT_TO_OWNER = {
  deleteEvents: leftToOwner,
  forgetIds: leftToOwner,
  rebuild: leftToOwner,
  settled: leftToOwner,
  copyTo: leftToOwner,
  onStored() {},
};
