import type { Control } from '../control/control.ts';
import { decodeDiff } from './diff.ts';
import { type AuditRow, isProject } from './list.ts';

type Named = { id: string; name: string };

/**
 * Returns the current names of what these rows of one project name by ID: people (removed members too), keys, apps
 * and projects, deleted ones included; for invitations, the address they were for.
 */
export async function findNames(
  { db }: Pick<Control, 'db'>,
  rows: readonly AuditRow[],
): Promise<ReadonlyMap<string, string>> {
  const ids = [...new Set(rows.flatMap(({ actor_id, target }) => [actor_id, target]))];
  const startingWith = (prefix: string) => ids.filter((id) => id.startsWith(prefix));
  const tables = [
    ['people', startingWith('usr_')],
    ['api_keys', startingWith('key_')],
    ['apps', startingWith('app_')],
    ['projects', startingWith('proj_')],
  ] as const;
  const found = await Promise.all([
    ...tables.map(([table, wanted]) =>
      wanted.length === 0
        ? []
        : db.selectFrom(table).select(['id', 'name']).where('id', 'in', wanted).execute(),
    ),
    findInvited(db, rows[0]?.project_id ?? null, startingWith('inv_')),
  ]);
  return new Map(found.flat().map(({ id, name }) => [id, name]));
}

/** Invitations are deleted when they are used or revoked, so their addresses come from the log itself. */
async function findInvited(db: Control['db'], projectId: string | null, ids: string[]): Promise<Named[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom('audit_log')
    .select(['target', 'diff'])
    .where((eb) => isProject(eb, projectId))
    .where('target', 'in', ids)
    .where('action', '=', 'invitation.created')
    .execute();
  return rows.flatMap(({ target, diff }) => {
    const email = diff === null ? undefined : decodeDiff(diff).diff.email;
    return Array.isArray(email) && typeof email[1] === 'string' ? [{ id: target, name: email[1] }] : [];
  });
}
