import { requireDefinitions } from './definitions.ts';
import { type Ledger, readLedger } from './ledger.ts';
import { listPartFolders } from './parts.ts';

/** What is on disk before the engine opens the store, which may then merge parts or set them aside. */
export type Before = { ledger: Ledger | 'missing' | 'damaged'; folders: Record<string, string[]> };

/** Reads the ledger and which parts are on disk. Rejects with StorageError if the definition of a table is not intact. */
export async function readBefore(folder: string): Promise<Before> {
  const ledger = await readLedger(folder);
  if (typeof ledger === 'string') return { ledger, folders: {} };
  await requireDefinitions(folder, ledger.definitions);
  const folders: Record<string, string[]> = {};
  for (const [table, { path }] of Object.entries(ledger.tables))
    folders[table] = await listPartFolders(folder, path);
  return { ledger, folders };
}
