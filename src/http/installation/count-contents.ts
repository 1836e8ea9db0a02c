import type { Control } from '../../control/control.ts';
import type { Directory } from '../../directory/directory.ts';

/** How many there are. Deleted projects and apps do not count, nor keys that don't work. */
export type Contents = { accounts: number; projects: number; apps: number; apiKeys: number };

/** Returns what the control database contains at `now`, epoch milliseconds. Rejects with StorageError. */
export async function countContents(
  { control: { db }, directory }: { control: Pick<Control, 'db'>; directory: Directory },
  now: number,
): Promise<Contents> {
  const projects = directory.listProjects().filter(({ deletedAt }) => deletedAt === null);
  const apps = projects
    .flatMap(({ id }) => directory.listApps(id))
    .filter(({ deletedAt }) => deletedAt === null);
  const people = await db
    .selectFrom('people')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  const keys = await db
    .selectFrom('api_keys')
    .innerJoin('projects', 'projects.id', 'api_keys.project_id')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('projects.deleted_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where('disabled', '=', 0)
    .where(({ eb, or }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .executeTakeFirstOrThrow();
  return { accounts: people.count, projects: projects.length, apps: apps.length, apiKeys: keys.count };
}
