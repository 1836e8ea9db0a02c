import type { Lease } from '../control/lease.ts';
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
    return openWarehouse({ ...optionsOf(services), knownEvents, noteEvents });
  }
  const lease = await takeEventLease(services, waits);
  const warehouse = await openUnderLease(services, { url: config.clickhouseUrl, lease });
  const close = () => warehouse.close().finally(() => lease.release(!warehouse.isFailing()));
  return { ...warehouse, close };
}

/** Opens the events on a server for writing. Closing them does not release the lease, but a failure does. Rejects with StorageError. */
export async function openUnderLease(
  services: ControlServices,
  { url, lease }: { url: string; lease: Lease },
): Promise<Warehouse> {
  const { control, config, log } = services;
  try {
    const storeId = (await findStoreId(control)) ?? '';
    const server = {
      url,
      cluster: config.clickhouseCluster,
      storeId,
      lease,
      onFenced: () => endProcess(log),
    };
    const warehouse = await openWarehouse({ ...optionsOf(services), server });
    await markEventServer(services).catch(async (error: unknown) => {
      await warehouse.close();
      throw error;
    });
    return warehouse;
  } catch (error) {
    await lease.release(false);
    throw error;
  }
}

const optionsOf = ({ eventsDir, config, log, clock, erasureKey, ingestion }: ControlServices) => ({
  ...{ path: eventsDir, log, clock, queryMemoryBytes: config.queryMemoryBytes, idKey: erasureKey },
  onLinkConflict: ingestion.countLinkConflict,
});
