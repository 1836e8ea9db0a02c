import type { Log } from '../../lib/log.ts';
import { type Gateway, openGateway } from './gateway.ts';
import { killAll } from './kill.ts';
import { defaultQueryMemory, querySettings } from './query-memory.ts';
import { createMemoryRelease } from './release-memory.ts';
import type { Watch } from './renewed-connection.ts';
import type { StoreEngine } from './store-engine.ts';

/** What opening the connections of a store needs; see `WarehouseOptions`. */
export type GatewayNeeds = {
  engine: StoreEngine;
  readers?: number;
  queryMemoryBytes?: number | undefined;
  log: Log;
};

/** Statements of the writer in parallel: it looks up ids while it inserts two tables. */
const WRITERS = 3;
/** Queries that run in parallel, unless the options say otherwise. */
export const READERS = 4;
/** Queries that wait for a reader; of one project at most half. */
export const QUERIES_WAITING_MAX = 128;

/** Opens the connections of the writer, of queries and of work in the background. */
export async function openGateways(
  options: GatewayNeeds,
  writerState: WriterState,
  opening: AsyncDisposableStack,
) {
  const { engine, log } = options;
  const open = engine.connect();
  const { watch } = writerState;
  const writing = opening.adopt(await openGateway(open, { size: WRITERS, waitingMax: 16, watch }), close);
  // Of its own, so that neither readers nor the writer can delay what it is for: the probe, and killing queries.
  const control = opening.adopt(await openGateway(open, { size: 1, waitingMax: 64 }), close);
  const reading = opening.adopt(await openReaders(options, writerState, control), (gateway) =>
    closeReaders(gateway, control, log),
  );
  const maintenance = opening.adopt(await openMaintenance(engine), close);
  return { writing, control, reading, maintenance };
}

/** What watches the writer's statements, and whether queries have to leave it CPU time. */
export type WriterState = { watch: Watch; isBusy: () => boolean };

function openReaders(
  { engine, readers = READERS, queryMemoryBytes = defaultQueryMemory() }: GatewayNeeds,
  writerState: WriterState,
  control: Gateway,
): Promise<Gateway> {
  const onHeavy = engine.isServer ? () => {} : createMemoryRelease(control);
  // The writer is opened after its readers.
  const isBusy = () => writerState.isBusy();
  const options = { size: readers, waitingMax: QUERIES_WAITING_MAX, control, onHeavy, isBusy };
  return openGateway(engine.connect(querySettings(queryMemoryBytes, readers)), options);
}

/** By one thread, so that most of the processor is left for requests; in files where it would take much memory. */
const MAINTENANCE_SETTINGS = {
  max_threads: 1,
  max_memory_usage: 1_000_000_000,
  max_bytes_before_external_group_by: 200_000_000,
  max_bytes_before_external_sort: 200_000_000,
};

const openMaintenance = (engine: StoreEngine) =>
  openGateway(engine.connect(MAINTENANCE_SETTINGS), { size: 1, waitingMax: 64 });

/** By one thread, so that most of the processor is left for requests. */
export const openMending = (engine: StoreEngine) => () =>
  openGateway(engine.connect({ max_threads: 1 }), { size: 1, waitingMax: 1 });

/**
 * Kills queries that are still running: their callers are gone, and the engine would compute on until the time limit,
 * which keeps the process alive even after everything is closed.
 */
async function closeReaders(reading: Gateway, control: Gateway, log: Log): Promise<void> {
  // Closed first, so that no waiting query takes the slot of a killed one.
  const closed = reading.close();
  await killAll(control).catch((error: unknown) => {
    log.warn({ err: error }, 'queries that still run could not be ended');
  });
  await closed;
}

/** Closes something when a stack is disposed. */
export async function close(opened: { close(): Promise<void> }): Promise<void> {
  await opened.close();
}
