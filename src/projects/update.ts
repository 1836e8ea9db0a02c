import { type Static, Type } from 'typebox';
import { nullable } from '../http/route.ts';
import type { Actor } from '../keys/actor.ts';
import { diffOf } from '../keys/audit-diff.ts';
import { toProject } from '../keys/records.ts';
import type { Services } from '../services.ts';
import type { Project } from './project.ts';
import { toProjectJson } from './project-json.ts';

const LIFETIME_DAYS_MAX = 3_650;
const DISABLE_AFTER_MINUTES_MAX = 10_080;

export const UPDATE_PROJECT_BODY = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 100, pattern: '\\S' })),
    max_key_lifetime_days: Type.Optional(nullable(Type.Integer({ minimum: 1, maximum: LIFETIME_DAYS_MAX }))),
    count_unverified_revenue: Type.Optional(Type.Boolean()),
    leaked_key_policy: Type.Optional(
      Type.Union([Type.Literal('revoke'), Type.Integer({ minimum: 1, maximum: DISABLE_AFTER_MINUTES_MAX })], {
        description: '`revoke`, or after how many minutes a leaked key is disabled.',
      }),
    ),
  },
  { additionalProperties: false, minProperties: 1 },
);

/** Changes a project's settings and returns it. Keys keep the expiry they have; new ones follow the new rule. */
export async function updateProject(
  { control, directory, clock, audit }: Pick<Services, 'control' | 'directory' | 'clock' | 'audit'>,
  project: Project,
  body: Static<typeof UPDATE_PROJECT_BODY>,
  actor: Actor,
): Promise<Project> {
  const { count_unverified_revenue, leaked_key_policy, name, ...rest } = body;
  await control.write(async (tx, revision) => {
    const rowOf = tx.selectFrom('projects').selectAll().where('id', '=', project.id);
    const before = toProject(await rowOf.executeTakeFirstOrThrow());
    await tx
      .updateTable('projects')
      .set({
        ...rest,
        ...(name === undefined ? {} : { name: name.trim() }),
        ...(count_unverified_revenue === undefined
          ? {}
          : { count_unverified_revenue: count_unverified_revenue ? 1 : 0 }),
        ...(leaked_key_policy === undefined ? {} : { leaked_key_policy: String(leaked_key_policy) }),
        updated_at: clock.now(),
        revision,
      })
      .where('id', '=', project.id)
      .execute();
    const after = toProject(await rowOf.executeTakeFirstOrThrow());
    const diff = diffOf(toProjectJson(before), toProjectJson(after), ['updated_at']);
    if (!diff) return;
    await audit.append(tx, {
      projectId: project.id,
      actor,
      action: 'project.updated',
      target: project.id,
      diff,
    });
  });
  await directory.refresh();
  return directory.findProject(project.id) ?? project;
}
