import type { Actor } from '../keys/actor.ts';
import { newId } from '../lib/id.ts';
import type { Services } from '../services.ts';
import type { Project } from './project.ts';

/** Creates a project for `actor` and returns it. */
export async function createProject(
  { control, directory, clock, audit }: Pick<Services, 'control' | 'directory' | 'clock' | 'audit'>,
  name: string,
  actor: Actor,
): Promise<Project> {
  const id = newId('proj');
  const now = clock.now();
  await control.write(async (tx, revision) => {
    await tx
      .insertInto('projects')
      .values({
        id,
        name,
        max_key_lifetime_days: null,
        count_unverified_revenue: 1,
        leaked_key_policy: 'revoke',
        rate_limits: null,
        created_at: now,
        updated_at: now,
        revision,
      })
      .execute();
    await audit.append(tx, { projectId: id, actor, action: 'project.created', target: id });
  });
  await directory.refresh();
  const project = directory.findProject(id);
  if (!project) throw new Error(`Project ${id} was stored and is not in the directory.`);
  return project;
}
