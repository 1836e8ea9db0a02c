import { openWarehouse, type Warehouse } from '../warehouse/open.ts';
import { findEventCount, saveEventCount } from './event-count.ts';
import type { ControlServices } from './open-services.ts';

/**
 * Opens the event store, whose number of events is also recorded in the control database. Rejects with StorageError,
 * `busy` when another process has it open.
 */
export async function openEvents({
  control,
  eventsDir: path,
  config,
  log,
  clock,
  erasureKey: idKey,
  ingestion,
}: ControlServices): Promise<Warehouse> {
  const { queryMemoryBytes } = config;
  const knownEvents = await findEventCount(control);
  const noteEvents = (events: number) => saveEventCount(control, events);
  const { countLinkConflict: onLinkConflict } = ingestion;
  const options = { path, log, clock, queryMemoryBytes, knownEvents, noteEvents };
  return openWarehouse({ ...options, idKey, onLinkConflict });
}
