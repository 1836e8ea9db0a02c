import type { Clock } from '../../lib/clock.ts';
import { errorCodeOf, StorageError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { Gateway } from '../../warehouse/engine/gateway.ts';
import { openGateways } from '../../warehouse/engine/open-gateways.ts';
import { serverEngine } from '../../warehouse/engine/store-engine.ts';
import { findHighest } from '../../warehouse/integrity/rebuild-in-use.ts';
import type { Warehouse } from '../../warehouse/open.ts';
import { createProbe } from '../../warehouse/probe.ts';
import { isInstalled } from '../../warehouse/server-store.ts';

/** The events on a server, for reading. */
export type EventReader = Pick<Warehouse, 'query' | 'maintenance' | 'isAnswering'> & {
  /** The highest block when it was opened. */
  reached: number;
  close(): Promise<void>;
};

export type ReaderOptions = {
  url: string;
  cluster?: string | undefined;
  storeId: string;
  clock: Clock;
  log: Log;
};

/** No statement that changes anything is sent without a lease. */
const NO_LEASE = { holder: '', wasReleased: false, leftMs: () => 0 };

/** Opens the events on a server, which may have no tables yet. Rejects with StorageError, also if they belong to another installation. */
export async function openEventReader({
  url,
  cluster,
  storeId,
  clock,
  log,
}: ReaderOptions): Promise<EventReader> {
  const engine = serverEngine({ url, cluster, storeId, lease: NO_LEASE, onFenced() {} });
  await using opening = new AsyncDisposableStack();
  const parts = { watch: <T>(run: () => Promise<T>) => run(), isBusy: () => false };
  const { control, reading, maintenance } = await openGateways({ engine, log }, parts, opening);
  const reached = await findReached(control, storeId);
  const opened = opening.move();
  return {
    query: reading.query,
    maintenance,
    isAnswering: createProbe(control.query, { clock, log }),
    reached,
    close: () => opened.disposeAsync(),
  };
}

/** UNKNOWN_TABLE: the first node has not created them yet. */
const NO_TABLE = '60';

async function findReached(gateway: Pick<Gateway, 'query'>, storeId: string): Promise<number> {
  try {
    if (!(await isInstalled(gateway, storeId))) return 0;
    return await findHighest(gateway);
  } catch (error) {
    if (error instanceof StorageError && errorCodeOf(error.cause) === NO_TABLE) return 0;
    throw error;
  }
}
