import { type Static, Type } from 'typebox';
import type { Requester } from '../api/caller.ts';
import { validationFailed } from '../api/errors.ts';
import type { ChangeServices } from '../audit/audit.ts';
import { diffOf } from '../audit/diff.ts';
import { changesRow } from '../control/changes-row.ts';
import type { ProjectTable } from '../control/schema.ts';
import { NAME_RULES } from '../directory/field-rules.ts';
import {
  DISABLE_AFTER_MINUTES_MAX,
  KEY_LIFETIME_DAYS_MAX,
  type Project,
  RETENTION_DAYS_MAX,
} from '../directory/project.ts';
import { toProject } from '../directory/records.ts';
import { findKeysIn } from '../directory/secret.ts';
import { component, nullable } from '../lib/schema.ts';
import { findRateLimitMistakes, foldRateLimits, RATE_LIMITS } from '../limits/rate-limits.ts';
import { LEAKED_KEY_POLICY_HELP, RETENTION_HELP, toProjectJson } from './project-json.ts';

/** The body of a request to change a project. */
export const UPDATE_PROJECT_BODY = component(
  'ProjectChanges',
  Type.Object(
    {
      name: Type.Optional(Type.String({ ...NAME_RULES, description: 'Name of the project.' })),
      max_key_lifetime_days: Type.Optional(
        nullable(Type.Integer({ minimum: 1, maximum: KEY_LIFETIME_DAYS_MAX }), {
          description:
            'Maximum lifetime of new keys, in days; null for no limit. Existing keys do not change.',
        }),
      ),
      count_unverified_revenue: Type.Optional(
        Type.Boolean({ description: 'Whether revenue sent with a client key counts. It can be forged.' }),
      ),
      leaked_key_policy: Type.Optional(
        Type.Union(
          [Type.Literal('revoke'), Type.Integer({ minimum: 1, maximum: DISABLE_AFTER_MINUTES_MAX })],
          {
            description: LEAKED_KEY_POLICY_HELP,
          },
        ),
      ),
      rate_limits: Type.Optional(nullable(RATE_LIMITS)),
      retention_days: Type.Optional(
        nullable(Type.Integer({ minimum: 1, maximum: RETENTION_DAYS_MAX }), { description: RETENTION_HELP }),
      ),
    },
    { additionalProperties: false, minProperties: 1 },
  ),
);

type ProjectChange = Static<typeof UPDATE_PROJECT_BODY>;

const toJson = (value: object | null) => (value === null ? null : JSON.stringify(value));

/** Returns the columns that a change sets; a field left out keeps its value. */
function toColumns(body: ProjectChange): Partial<ProjectTable> {
  const { count_unverified_revenue, leaked_key_policy, name, rate_limits, ...rest } = body;
  return {
    ...rest,
    ...(name === undefined ? {} : { name: name.trim() }),
    ...(count_unverified_revenue === undefined
      ? {}
      : { count_unverified_revenue: Number(count_unverified_revenue) }),
    ...(leaked_key_policy === undefined ? {} : { leaked_key_policy: String(leaked_key_policy) }),
    ...(rate_limits === undefined ? {} : { rate_limits: toJson(foldRateLimits(rate_limits)) }),
  };
}

/**
 * Changes a project's settings and returns it. Existing keys keep their expiry; new ones follow the new rule. Limits
 * apply from the next request; null or `{}` resets them to the defaults. Throws 422 for invalid limits and for an API
 * key in the name.
 */
export async function updateProject(
  { control, directory, clock, audit }: ChangeServices,
  project: Project,
  body: ProjectChange,
  { actor, recheck }: Requester,
): Promise<Project> {
  const mistakes = [...findRateLimitMistakes(body.rate_limits ?? {}), ...findKeysIn({ name: [body.name] })];
  if (mistakes.length > 0) throw validationFailed(mistakes);
  await control.write(recheck, async ({ tx, revision }) => {
    const rowOf = tx.selectFrom('projects').selectAll().where('id', '=', project.id);
    const row = await rowOf.executeTakeFirstOrThrow();
    const columns = toColumns(body);
    if (!changesRow(row, columns)) return;
    const before = toProject(row);
    await tx
      .updateTable('projects')
      .set({ ...columns, updated_at: clock.now(), revision })
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
