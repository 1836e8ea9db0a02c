import type { Warehouse } from '../warehouse/open.ts';
import type { Tombstones } from './tombstones.ts';

/** An ID that the search for a person starts from, and the apps in which its links to other IDs are not followed. */
export type Start = { id: string; aloneIn: readonly string[] };

type StartServices = { tombstones: Pick<Tombstones, 'isErased'>; warehouse: Pick<Warehouse, 'query'> };

const SCAN_MS = 600_000;

/**
 * Selects the apps in which the ID itself has sent anything. Retention deletes events, but keeps the other rows as long as the person has newer events.
 */
const OWN_SQL = ['users', 'user_properties', 'links', 'events']
  .map((table) => {
    const own = table === 'links' ? 'id = {id:String} AND is_target = 1' : 'app_user_id = {id:String}';
    return `SELECT app_id FROM ${table} WHERE project_id = {project_id:String} AND app_id IN {app_ids:Array(String)} AND ${own}`;
  })
  .join(' UNION ALL ');

/**
 * Returns an ID as a start. It is alone in apps in which it was erased and has sent nothing since: erasing someone can give effect to
 * a link of the same ID to another person, whom a repeated erasure must not reach. Rejects with StorageError.
 */
export async function findStart(
  { tombstones, warehouse }: StartServices,
  { projectId, appIds }: { projectId: string; appIds: readonly string[] },
  id: string,
): Promise<Start> {
  // Any tombstone covers the earliest time.
  const erasedIn = appIds.filter((appId) => tombstones.isErased(appId, id, 0));
  if (erasedIn.length === 0) return { id, aloneIn: [] };
  const rows = await warehouse.query<{ app_id: string }>(
    `SELECT DISTINCT app_id FROM (${OWN_SQL})`,
    { project_id: projectId, app_ids: erasedIn, id },
    { timeoutMs: SCAN_MS },
  );
  const active = new Set(rows.map(({ app_id }) => app_id));
  return { id, aloneIn: erasedIn.filter((appId) => !active.has(appId)) };
}
