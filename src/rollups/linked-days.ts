import { bind } from '../warehouse/engine/bind.ts';
import type { Gateway } from '../warehouse/engine/gateway.ts';
import { type AppDays, NEW_LINKS_MAX } from './app-days.ts';

const COLUMNS = 'project_id, app_id, day, slot, user, sessions, version';
const USERS = 'arrayJoin([sipHash64(id), sipHash64(other)])';

/** SQL that copies rows of `user_days` to `linked_days`, each once unless the outcome of a copy was unknown; the condition follows. */
const COPY_SQL = `INSERT INTO linked_days (${COLUMNS}) SELECT ${COLUMNS} FROM user_days WHERE`;
const OF_APP = 'project_id = {project_id:String} AND app_id = {app_id:String}';

const IDS = 'SELECT sipHash64(arrayJoin({ids:Array(String)}))';

/** SQL that copies the rows of some days and a version, of all users who are in a link. */
export const COPY_VERSION_SQL = `${COPY_SQL} ${OF_APP} AND day BETWEEN {first:Int32} AND {last:Int32}
  AND version = {version:UInt64} AND user IN (SELECT ${USERS} FROM links WHERE ${OF_APP})`;

/** Copies the rows of all users who are in a link. Rejects with StorageError. */
export async function copyAllLinked(gateway: Pick<Gateway, 'command'>): Promise<void> {
  await gateway.command('TRUNCATE TABLE linked_days SYNC');
  await gateway.command(`${COPY_SQL} (app_id, user) IN (SELECT app_id, ${USERS} FROM links)`);
}

/** Copies the rows of users who were linked since the last call. Their links must be stored. Rejects with StorageError. */
export async function copyNewlyLinked(
  gateway: Pick<Gateway, 'command'>,
  { projectId, appId, days }: { projectId: string; appId: string; days: AppDays },
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  const isFew = ids.length <= NEW_LINKS_MAX;
  const users = isFew ? IDS : `SELECT ${USERS} FROM links WHERE ${OF_APP}`;
  const linked = `${OF_APP} AND user IN (${users})`;
  const sql = `${COPY_SQL} ${linked} AND (day, version, user) NOT IN (SELECT day, version, user FROM linked_days WHERE ${linked})`;
  await gateway.command(bind(sql, { project_id: projectId, app_id: appId, ...(isFew && { ids }) }));
  for (const id of ids) days.newLinks.delete(id);
}
