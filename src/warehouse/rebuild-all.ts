import { bind } from './engine/bind.ts';
import type { Gateway } from './engine/gateway.ts';
import { DERIVED_TABLES, type DerivedTable } from './integrity/derive-sql.ts';
import { createDraft, dropDraft, fillDraftOfProject, replaceByDraft } from './integrity/rebuild.ts';
import { EVEN_IF_FAILING, rebuildInUse } from './integrity/rebuild-in-use.ts';
import type { OfProject } from './persons/read-person-events.ts';

/** A table that was derived again: how many rows it has, and how many tables are done. */
export type RebuildProgress = { table: string; rows: number; done: number; total: number };

type RebuildOptions = Parameters<typeof rebuildInUse>[2];

/** What rollups consist of. Days that are not listed in `rollup_days` are derived when the store is opened by a server. */
const ROLLUP_TABLES = ['rollup_days', 'user_days', 'user_day_values', 'revenue_days', 'linked_days'];

/**
 * Rebuilds every derived table from the events, for one project or for all, and empties the rollups. Returns the number of tables.
 * Rejects with StorageError; tables that were rebuilt by then stay rebuilt.
 */
export async function rebuildAll(
  gateway: Gateway,
  options: RebuildOptions,
  onProgress: (progress: RebuildProgress) => void,
  { projectId }: OfProject = {},
): Promise<number> {
  const total = DERIVED_TABLES.length + ROLLUP_TABLES.length;
  const ofProject = projectId === undefined ? '' : bind('WHERE project_id = {id:String}', { id: projectId });
  let done = 0;
  const report = async (table: string) => {
    const [row] = await gateway.query<{ n: string }>(`SELECT count() AS n FROM ${table} ${ofProject}`);
    done += 1;
    onProgress({ table, rows: Number(row?.n), done, total });
  };
  for (const table of DERIVED_TABLES) {
    try {
      if (projectId === undefined) await rebuildInUse(gateway, table, options);
      else await rebuildProject(gateway, table, options, projectId);
    } finally {
      await dropDraft(gateway, table);
    }
    await report(table);
  }
  for (const table of ROLLUP_TABLES) {
    await gateway.command(
      projectId === undefined
        ? `TRUNCATE TABLE ${table} SYNC`
        : `ALTER TABLE ${table} DELETE ${ofProject} SETTINGS mutations_sync = 2`,
    );
    await report(table);
  }
  return total;
}

/** No event is stored meanwhile, for as long as copying the rows of the other projects takes. */
async function rebuildProject(
  gateway: Gateway,
  table: DerivedTable,
  { pause, integrity }: RebuildOptions,
  projectId: string,
): Promise<void> {
  await createDraft(gateway, table);
  await pause(async () => {
    const damaged = await fillDraftOfProject(gateway, table, projectId);
    if (damaged) await integrity.noteLostRows(damaged);
    await integrity.redefine(gateway, () => replaceByDraft(gateway, table));
    // What is damaged may be why events cannot be inserted.
  }, EVEN_IF_FAILING);
}
