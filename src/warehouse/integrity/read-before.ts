import { requireDefinitions } from './definitions.ts';
import { type Ledger, readLedger } from './ledger.ts';
import { listPartFolders } from './parts.ts';

/** What is on disk before the engine opens the store, which may then merge parts or set them aside. */
export type Before = {
  ledger: Ledger | 'missing' | 'damaged';
  folders: Record<string, string[]>;
  /** How many events there must be at least, by a record outside of the store. */
  knownEvents: number;
};

/**
 * Reads the ledger and which parts are on disk. `knownEvents` is the number of events by a record outside of the store,
 * which an older copy of its folder does not replace. Rejects with StorageError if the definition of a table is not
 * intact.
 */
export async function readBefore(folder: string, knownEvents = 0): Promise<Before> {
  const ledger = await readLedger(folder);
  if (typeof ledger === 'string') return { ledger, folders: {}, knownEvents };
  await requireDefinitions(folder, ledger.definitions);
  const folders: Record<string, string[]> = {};
  for (const [table, { path }] of Object.entries(ledger.tables))
    folders[table] = await listPartFolders(folder, path);
  return { ledger, folders, knownEvents };
}
