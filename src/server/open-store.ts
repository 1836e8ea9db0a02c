import { setTimeout } from 'node:timers/promises';
import { findControlPlace } from '../control/open.ts';
import { forgetTraces } from '../erasure/forget-person.ts';
import { startErasing } from '../erasure/start-erasing.ts';
import { followTombstones } from '../erasure/tombstones.ts';
import { StorageError } from '../lib/errors.ts';
import { type ReadRollups, ROLLUPS_AGE_MAX_MS, startReadingRollups } from '../rollups/read-rollups.ts';
import { openRollups, type Rollups } from '../rollups/rollups.ts';
import type { EventRow } from '../warehouse/event-row.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { closeAll } from './close-all.ts';
import { answerCopyRequests } from './copy/answer-copies.ts';
import { EVENT_LEASE, findEventLease } from './event-lease.ts';
import { openEventReader } from './nodes/event-reader.ts';
import { type OpenedStore, startNode } from './nodes/node.ts';
import { openEvents, openUnderLease } from './open-events.ts';
import type { ControlServices } from './open-services.ts';
import { startRemovingSnapshots } from './snapshots/snapshots.ts';
import { findStoreId } from './store-pair.ts';

/** The events as a server uses them, what is derived from them, and their deletion in the background. */
export type Store = {
  warehouse: Warehouse;
  rollups: Rollups;
  /** Starts to erase people and to delete old events, now or when this node stores the events. Stops before the store is closed. */
  startErasing(): void;
  /** Lets another node store events, if this one does. Call it first when the server stops. */
  handOver(): Promise<void>;
  close(): Promise<void>;
};

/** Opens the events: of one server, or as one of several nodes. Rejects with StorageError. */
export function openStore(control: ControlServices): Promise<Store> {
  const { nodeUrl, clickhouseUrl } = control.config;
  if (nodeUrl === undefined || clickhouseUrl === undefined) return openAlone(control);
  return openAsNode(control, nodeUrl, clickhouseUrl);
}

async function openAlone(control: ControlServices): Promise<Store> {
  const warehouse = await openEvents(control, { waits: true });
  const rollups = openRollups({ ...control, warehouse });
  let stop = async () => {};
  const stopCopies = answerCopies(control, warehouse);
  const stopRemoving = startRemovingSnapshots(control.config.dataDir, control.clock, control.log);
  return {
    warehouse,
    rollups,
    startErasing() {
      const services = { ...control, warehouse, rollups };
      stop = startErasing(services, forgetTraces(services));
    },
    handOver: async () => {},
    close: () =>
      closeAll([stopCopies, stopRemoving]).finally(stop).finally(rollups.close).finally(warehouse.close),
  };
}

/** Servers have tools of their own for backups. */
function answerCopies({ config, log }: ControlServices, warehouse: Warehouse): () => Promise<void> {
  const { file, url } = findControlPlace(config);
  if (url !== undefined || config.clickhouseUrl !== undefined) return async () => {};
  return answerCopyRequests({ dataDir: config.dataDir, controlFile: file, warehouse, log });
}

async function openAsNode(control: ControlServices, address: string, url: string): Promise<Store> {
  const { clock, log, tombstones, nodeKeys: keys } = control;
  const storeId = (await findStoreId(control.control)) ?? '';
  const reader = await openEventReader({
    url,
    cluster: control.config.clickhouseCluster,
    storeId,
    clock,
    log,
  });
  const following = followTombstones(control);
  const reading = startReadingRollups({ ...control, warehouse: reader });
  let own: Rollups | undefined;
  const started = Promise.withResolvers<void>();

  function startOwn(warehouse: Warehouse): () => Promise<void> {
    const rollups = openRollups({ ...control, warehouse });
    own = rollups;
    let stop = async () => {};
    // Not before everything else is open, as without other nodes.
    void started.promise.then(() => {
      const services = { ...control, warehouse, rollups };
      stop = startErasing(services, forgetOnAllNodes(forgetTraces(services)));
    });
    return async () => {
      await stop();
      own = undefined;
      await rollups.close();
    };
  }

  const { warehouse, handOver } = await startNode({
    ...{ address, control: control.control, leaseName: EVENT_LEASE, reader, keys, clock, log, startOwn },
    open: (signal) => openOwn(control, url, signal),
    isErased: (row: EventRow) => tombstones.isErased(row.app_id, row.app_user_id, row.timestamp),
    onErased: following.refresh,
  }).catch(async (error: unknown) => {
    await closeAll([following.stop, reading.stop]).finally(reader.close);
    throw error;
  });
  return {
    warehouse,
    rollups: rollupsOf(() => own, reading),
    startErasing: started.resolve,
    handOver,
    close: () => closeAll([following.stop, reading.stop]).finally(warehouse.close),
  };
}

async function openOwn(
  control: ControlServices,
  url: string,
  signal: AbortSignal,
): Promise<OpenedStore | undefined> {
  const lease = await findEventLease(control);
  return lease && { lease, warehouse: await openUnderLease(control, { url, lease, signal }) };
}

/** Waits until no node uses rollups any more that contain the person. */
function forgetOnAllNodes(traces: ReturnType<typeof forgetTraces>): ReturnType<typeof forgetTraces> {
  return {
    ...traces,
    async forgetPerson(...args) {
      await traces.forgetPerson(...args);
      await setTimeout(ROLLUPS_AGE_MAX_MS);
    },
  };
}

/** The rollups of the node that stores events, and what the others read of them. */
function rollupsOf(own: () => Rollups | undefined, reading: ReadRollups): Rollups {
  function requireOwn(): Rollups {
    const rollups = own();
    if (rollups) return rollups;
    throw new StorageError('busy', 'Only the node that stores events derives rollups');
  }
  return {
    find: (...args) => (own() ?? reading).find(...args),
    invalidate: async (...args) => requireOwn().invalidate(...args),
    forgetUsers: async (...args) => requireOwn().forgetUsers(...args),
    settle: async () => own()?.settle(),
    close: async () => {},
  };
}
