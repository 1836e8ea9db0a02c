import type { Gateway } from './engine/gateway.ts';
import { DERIVED_TABLES } from './integrity/derive-sql.ts';
import { dropDraft } from './integrity/rebuild.ts';
import { rebuildInUse } from './integrity/rebuild-in-use.ts';

/** A table that was derived again: how many rows it has, and how many tables are done. */
export type RebuildProgress = { table: string; rows: number; done: number; total: number };

/** What rollups consist of. Days that are not listed in `rollup_days` are derived when the store is opened by a server. */
const ROLLUP_TABLES = ['rollup_days', 'user_days', 'user_day_values', 'revenue_days'];

/**
 * Derives every table that is derived again, and empties the rollups. Returns how many tables that were. Rejects with
 * StorageError; what was done until then stays.
 */
export async function rebuildAll(
  gateway: Gateway,
  options: Parameters<typeof rebuildInUse>[2],
  onProgress: (progress: RebuildProgress) => void,
): Promise<number> {
  const total = DERIVED_TABLES.length + ROLLUP_TABLES.length;
  let done = 0;
  const report = async (table: string) => {
    const [row] = await gateway.query<{ n: string }>(`SELECT count() AS n FROM ${table}`);
    done += 1;
    onProgress({ table, rows: Number(row?.n), done, total });
  };
  for (const table of DERIVED_TABLES) {
    try {
      await rebuildInUse(gateway, table, options);
    } finally {
      await dropDraft(gateway, table);
    }
    await report(table);
  }
  for (const table of ROLLUP_TABLES) {
    await gateway.command(`TRUNCATE TABLE ${table} SYNC`);
    await report(table);
  }
  return total;
}
