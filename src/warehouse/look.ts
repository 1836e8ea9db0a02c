import { embedded } from './engine/embedded.ts';
import { openGateway } from './engine/gateway.ts';
import { listPendingMigrations } from './migrate.ts';

/**
 * Opens the event store in the folder `path` as it is, queries it and closes it again. Returns its pending
 * migrations. No table or row changes; the engine maintains its folder as it does whenever it is open. Rejects with
 * StorageError when the store cannot be opened or does not answer.
 */
export async function inspectStore(path: string): Promise<string[]> {
  const gateway = await openGateway(embedded(path), { size: 1, waitingMax: 1 });
  try {
    return await listPendingMigrations(gateway);
  } finally {
    await gateway.close();
  }
}
