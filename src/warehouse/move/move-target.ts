import { errorCodeOf, StorageError } from '../../lib/errors.ts';
import { newUlid } from '../../lib/id.ts';
import { type Gateway, openGateway } from '../engine/gateway.ts';
import { connectToServer } from '../engine/server.ts';
import { serverEngine } from '../engine/store-engine.ts';
import { migrate } from '../migrate.ts';
import { claimServer, movingId, prepareTables } from '../server-store.ts';
import type { Reader } from './sum-groups.ts';

const ONE = { size: 1, waitingMax: 1 };

/** What a server is to an installation: empty, being moved to, in use by it, or in use by another one. */
export type TargetState = 'empty' | 'moving' | 'own' | 'foreign';

/** ClickHouse's error UNKNOWN_DATABASE. */
const NO_DATABASE = '81';

/** Returns what the server at `url` is to the installation `storeId`. Changes nothing. Rejects with StorageError. */
export async function findServerState(url: string, storeId: string): Promise<TargetState> {
  const gateway = await openTargetForReading(url);
  try {
    return await readState(gateway, storeId);
  } catch (error) {
    if (error instanceof StorageError && errorCodeOf(error.cause) === NO_DATABASE) return 'empty';
    throw error;
  } finally {
    await gateway.close();
  }
}

async function readState(gateway: Reader, storeId: string): Promise<TargetState> {
  const tables = await gateway.query<{ name: string }>(
    'SELECT name FROM system.tables WHERE database = currentDatabase()',
  );
  if (tables.length === 0) return 'empty';
  const hasOwner = tables.some(({ name }) => name === 'installation');
  const rows = hasOwner ? await gateway.query<{ id: string }>('SELECT id FROM installation') : [];
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return hasOwner && tables.length === 1 ? 'empty' : 'foreign';
  if (ids.some((id) => id !== storeId && id !== movingId(storeId))) return 'foreign';
  return ids.includes(storeId) ? 'own' : 'moving';
}

/** The event store of a server that an installation is moved to. */
export type MoveTarget = Gateway & { holder: string };

/**
 * Opens the server as the target of a move, which no process can use until `finishTarget`. Of two moves, only the later one inserts.
 * Rejects with StorageError.
 */
export async function openTarget(url: string, storeId: string, state: TargetState): Promise<MoveTarget> {
  const holder = newUlid();
  const lease = { holder, wasReleased: state === 'empty', leftMs: () => Number.POSITIVE_INFINITY };
  // A refused insert fails the move.
  const server = { url, storeId: movingId(storeId), lease, onFenced() {} };
  const gateway = await openGateway(serverEngine(server).connect(), ONE);
  try {
    await claimServer(gateway, server);
    await migrate(gateway);
    await prepareTables(gateway);
    return { ...gateway, holder };
  } catch (error) {
    await gateway.close();
    throw error;
  }
}

/** Opens the server for reading only. Rejects with StorageError. */
export const openTargetForReading = (url: string): Promise<Gateway> =>
  openGateway(connectToServer(url, { creates: false }), ONE);

/** Gives the server to the installation. Harmless if it was interrupted and runs again. Rejects with StorageError. */
export async function finishTarget(url: string, storeId: string): Promise<void> {
  const gateway = await openTargetForReading(url);
  try {
    // With both IDs, no process uses it.
    const row = JSON.stringify([storeId]);
    const [{ own } = { own: '0' }] = await gateway.query<{ own: string }>(
      'SELECT count() AS own FROM installation WHERE id = {storeId:String}',
      { storeId },
    );
    if (own === '0') await gateway.command(`INSERT INTO installation (id) FORMAT JSONCompactEachRow\n${row}`);
    await gateway.command(
      `ALTER TABLE installation DELETE WHERE id = '${movingId(storeId)}' SETTINGS mutations_sync = 2`,
    );
  } finally {
    await gateway.close();
  }
}
