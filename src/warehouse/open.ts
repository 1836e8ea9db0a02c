import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { createBlockStore } from './block-store.ts';
import { embedded } from './embedded.ts';
import { type Gateway, openGateway } from './gateway.ts';
import { migrate } from './migrate.ts';
import { openSeenIds } from './seen-ids.ts';
import { openWriter, type Writer } from './writer.ts';

/** The event store: questions on its readers, events through its one writer. */
export type Warehouse = Pick<Gateway, 'query'> &
  Pick<Writer, 'append' | 'queue'> & {
    /** Refuses new work, stores what waits, then closes the engine. */
    close(): Promise<void>;
  };

export type WarehouseOptions = {
  /** Data folder of the embedded engine; made when absent. One process a folder. */
  path: string;
  log: Log;
  clock: Clock;
  /** Queries that run side by side. */
  readers?: number;
};

/**
 * Opens the store, brings its tables up to date and repairs what a crash left behind.
 * Rejects with StorageError `unavailable` when another process holds the folder or it cannot be written.
 */
export async function openWarehouse(options: WarehouseOptions): Promise<Warehouse> {
  const { path, log, clock, readers = 4 } = options;
  const open = embedded(path);
  const writing = await openGateway(open, { size: 2, waitingMax: 8 });
  try {
    const applied = await migrate(writing);
    if (applied.length > 0) log.info({ applied }, 'event store migrated');
    const reading = await openGateway(open, { size: readers, waitingMax: 64 });
    const seenIds = await openSeenIds(reading, log);
    const writer = await openWriter({ store: createBlockStore(writing), seenIds, clock, log });
    return {
      query: reading.query,
      append: writer.append,
      queue: writer.queue,
      async close() {
        await writer.close();
        seenIds.stop();
        await reading.close();
        await writing.close();
      },
    };
  } catch (error) {
    await writing.close();
    throw error;
  }
}
