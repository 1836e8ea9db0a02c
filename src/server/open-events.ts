import { copyControl } from '../control/copy-sqlite.ts';
import type { Lease } from '../control/lease.ts';
import { findControlPlace } from '../control/open.ts';
import { openWarehouse, type Warehouse } from '../warehouse/open.ts';
import { findEventCount, saveEventCount } from './event-count.ts';
import { endProcess, takeEventLease } from './event-lease.ts';
import { markEventServer } from './event-place.ts';
import type { ControlServices } from './open-services.ts';
import { findStoreId } from './store-pair.ts';

/**
 * Opens the event store, whose number of events is also recorded in the control database. With `waits`, it waits while another process
 * stores events on the same server. Rejects with StorageError, `busy` when another process has it open.
 */
export async function openEvents(
  services: ControlServices,
  { waits = false }: { waits?: boolean } = {},
): Promise<Warehouse> {
  const { control, config } = services;
  if (config.clickhouseUrl === undefined) {
    const knownEvents = await findEventCount(control);
    const noteEvents = (events: number) => saveEventCount(control, events);
    const { file } = findControlPlace(config);
    // The engine keeps other servers out.
    const beforeMigrations = () => services.keepSnapshot((copy) => copyControl(file, copy));
    return openWarehouse({ ...optionsOf(services), knownEvents, noteEvents, beforeMigrations });
  }
  const lease = await takeEventLease(services, waits);
  return openUnderLease(services, { url: config.clickhouseUrl, lease });
}

/**
 * Opens the events on a server for writing. Closing them releases the lease, and so does a failure. Rejects with StorageError, or with an
 * AbortError soon after `signal`.
 */
export async function openUnderLease(
  services: ControlServices,
  { url, lease, signal }: { url: string; lease: Lease; signal?: AbortSignal },
): Promise<Warehouse> {
  const { control, config, log } = services;
  try {
    const storeId = (await findStoreId(control)) ?? '';
    const server = {
      url,
      cluster: config.clickhouseCluster,
      storeId,
      lease,
      signal,
      onFenced: () => endProcess(log),
    };
    const warehouse = await openWarehouse({ ...optionsOf(services), server });
    await markEventServer(services).catch(async (error: unknown) => {
      await warehouse.close();
      throw error;
    });
    const close = () => warehouse.close().finally(() => lease.release(!warehouse.isFailing()));
    return { ...warehouse, close };
  } catch (error) {
    await lease.release(false);
    throw error;
  }
}

const optionsOf = ({ eventsDir, config, log, clock, erasureKey, ingestion }: ControlServices) => ({
  ...{ path: eventsDir, log, clock, queryMemoryBytes: config.queryMemoryBytes, idKey: erasureKey },
  onLinkConflict: ingestion.countLinkConflict,
});
