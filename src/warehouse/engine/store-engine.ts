import { SECOND_MS } from '../../lib/durations.ts';
import { errorCodeOf, StorageError } from '../../lib/errors.ts';
import { rowFileIn } from '../log/row-file.ts';
import { logFolder } from '../log/segments.ts';
import { rowsInBody, type WithRows } from '../rows/row-source.ts';
import { clusterConnection } from './cluster.ts';
import type { Connection, OpenConnection } from './connection.ts';
import { embedded } from './embedded.ts';
import { connectToServer, INSERT_MS } from './server.ts';

/** The engine of a store: inside this process on a folder, or a ClickHouse server. */
export type StoreEngine = {
  /** Returns a function that opens connections. `limits` apply only to the embedded engine. */
  connect(limits?: Record<string, number>): OpenConnection;
  withRows: WithRows;
  /** Throws StorageError if nothing may be stored now. */
  requireWritable: () => void;
  /** Whether it is a server, which manages its own files. */
  isServer: boolean;
};

/** Returns the engine inside this process, on the folder `path`. */
export const embeddedEngine = (path: string): StoreEngine => ({
  connect: (limits) => embedded(path, limits),
  withRows: rowFileIn(logFolder(path)),
  requireWritable() {},
  isServer: false,
});

/** A ClickHouse server, and the lease of this process for storing events there. */
export type EventServer = {
  /** May contain a name and a password. */
  url: string;
  /** The cluster of which it is a replica. Undefined: none. */
  cluster?: string | undefined;
  /** The ID of this installation, to which the tables belong. */
  storeId: string;
  /** See `Lease` of the control database. */
  lease: { holder: string; wasReleased: boolean; leftMs: () => number };
  /** Ends the wait for inserts of an earlier holder: opening the store then rejects with an AbortError. */
  signal?: AbortSignal | undefined;
  /** Called if the server has refused an insert because another process has the lease. */
  onFenced: () => void;
};

/** An insert that starts has ended before the lease has. */
const LEFT_MS_MIN = INSERT_MS + 2 * SECOND_MS;

/** FUNCTION_THROW_IF_VALUE_IS_NON_ZERO, which only the fence throws. */
const THROWN = '395';

/** Returns the engine of a ClickHouse server. Nothing is changed there while the lease may have ended. */
export function serverEngine({ url, cluster, lease, onFenced }: EventServer): StoreEngine {
  const open = connectToServer(url, { cluster });
  function requireLease(): void {
    if (lease.leftMs() >= LEFT_MS_MIN) return;
    const message = 'Another node may be storing events now: the control database does not answer';
    throw new StorageError('unavailable', message);
  }
  async function openConnection(): Promise<Connection> {
    const opened = await open();
    const connection = cluster === undefined ? opened : clusterConnection(opened, cluster);
    return {
      ...connection,
      async command(sql, body) {
        // Ending a query changes nothing.
        if (!sql.startsWith('KILL QUERY')) requireLease();
        await connection.command(sql, body).catch((error: unknown) => {
          if (errorCodeOf(error) === THROWN) onFenced();
          throw error;
        });
      },
    };
  }
  return {
    connect: () => openConnection,
    withRows: (parts, work) => work(rowsInBody(parts, lease.holder)),
    requireWritable: requireLease,
    isServer: true,
  };
}
