import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { createBlockStore } from './block-store.ts';
import { embedded } from './embedded.ts';
import { type Gateway, openGateway } from './gateway.ts';
import { migrate } from './migrate.ts';
import { openSeenIds } from './seen-ids.ts';
import { createWatchdog, type StatementLimits } from './watchdog.ts';
import { openWriter, type Writer } from './writer.ts';

/** The event store: questions on its readers, events through its one writer. */
export type Warehouse = Pick<Gateway, 'query'> &
  Pick<Writer, 'append' | 'feed' | 'queue' | 'isFailing'> & {
    /** How long the writer's oldest running statement has run; 0 when none runs. */
    oldestStatementMs(): number;
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
  /** How long the writer's statements may run. */
  statementLimits?: StatementLimits;
};

/**
 * Opens the store, brings its tables up to date and repairs what a crash left behind.
 * Rejects with StorageError `unavailable` when another process holds the folder or it cannot be written.
 */
export async function openWarehouse(options: WarehouseOptions): Promise<Warehouse> {
  const { path, log, clock, readers = 4 } = options;
  const open = embedded(path);
  const watchdog = createWatchdog(options.statementLimits);
  await using opening = new AsyncDisposableStack();
  opening.defer(watchdog.stop);
  const { watch } = watchdog;
  const writing = opening.adopt(await openGateway(open, { size: 2, waitingMax: 8, watch }), close);
  const applied = await migrate(writing);
  if (applied.length > 0) log.info({ applied }, 'event store migrated');
  const reading = opening.adopt(await openGateway(open, { size: readers, waitingMax: 64 }), (gateway) =>
    closeReaders(gateway, writing, log),
  );
  const writer = opening.adopt(
    await openWriter({
      store: createBlockStore(writing),
      openSeenIds: () => openSeenIds(reading, log),
      isOverdue: watchdog.isOverdue,
      clock,
      log,
    }),
    close,
  );
  watchdog.start({ overdue: writer.giveUp, stuck: () => endProcess(log, watchdog.oldestMs()) });
  // From here on the caller closes, in the reverse order of opening: first the writer, which drains.
  const opened = opening.move();
  return {
    // Whoever was told that its events are stored must see everything that follows from them.
    query: (sql, params, query) => reading.query(sql, params, { ...query, after: writer.derived }),
    append: writer.append,
    feed: writer.feed,
    queue: writer.queue,
    isFailing: writer.isFailing,
    oldestStatementMs: watchdog.oldestMs,
    close: () => opened.disposeAsync(),
  };
}

/**
 * Ends what still runs: whoever asked is gone by then, and the engine would compute on until the time limit, which
 * keeps the process from ending even after it has closed everything.
 */
async function closeReaders(reading: Gateway, writing: Gateway, log: Log): Promise<void> {
  // First, so that no waiting query takes the place of one that is ended.
  const closed = reading.close();
  await writing.command("KILL QUERY WHERE query_id != '' ASYNC").catch((error: unknown) => {
    log.warn({ err: error }, 'queries that still run could not be ended');
  });
  await closed;
}

/** SIGKILL, because exit() waits for the engine's threads. Nothing that was acknowledged is lost by it. */
function endProcess(log: Log, forMs: number): void {
  log.fatal(
    { forMs },
    'the event store has stopped answering: this process kills itself, its supervisor has to start it again',
  );
  process.kill(process.pid, 'SIGKILL');
}

async function close(opened: { close(): Promise<void> }): Promise<void> {
  await opened.close();
}
