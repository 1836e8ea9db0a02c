import { type Static, Type } from 'typebox';
import type { Project } from '../directory/project.ts';
import { closedObject, component, nullable } from '../lib/schema.ts';
import { RATE_LIMITS } from '../limits/rate-limits.ts';

/** Describes `leaked_key_policy`. */
export const LEAKED_KEY_POLICY_HELP =
  'What happens to a server or read-only key that is reported as leaked: `revoke`, or the minutes until it is disabled.';

/** Describes `retention_days`. */
export const RETENTION_HELP =
  'After how many days events are deleted, by their `timestamp` (whole days, UTC); null to keep them. Deleted events cannot be restored.';

/** The JSON of a project. */
export const PROJECT_JSON = component(
  'Project',
  closedObject({
    id: Type.String({ description: 'Identifies the project.' }),
    name: Type.String({ description: 'Name of the project.' }),
    max_key_lifetime_days: nullable(
      Type.Integer({ description: 'Maximum lifetime of new keys, in days; null for no limit.' }),
    ),
    count_unverified_revenue: Type.Boolean({
      description: 'Whether revenue sent with a client key counts. It can be forged.',
    }),
    leaked_key_policy: Type.Union([Type.Literal('revoke'), Type.Integer()], {
      description: LEAKED_KEY_POLICY_HELP,
    }),
    rate_limits: nullable(RATE_LIMITS),
    retention_days: nullable(Type.Integer({ description: RETENTION_HELP })),
    created_at: Type.String({ format: 'date-time', description: 'When it was created.' }),
    updated_at: Type.String({ format: 'date-time', description: 'When it was last changed.' }),
  }),
  {
    description: 'A project: its apps, keys, events and members are isolated from all other projects.',
    examples: [
      {
        id: 'proj_01K9ZV0Q6T4M8XJ2R5C7N3B1WC',
        name: 'Notes',
        max_key_lifetime_days: 365,
        count_unverified_revenue: true,
        leaked_key_policy: 'revoke',
        rate_limits: null,
        retention_days: null,
        created_at: '2026-11-22T10:00:00.000Z',
        updated_at: '2026-11-22T10:00:00.000Z',
      },
    ],
  },
);

/** Returns a project as JSON. */
export function toProjectJson(project: Project): Static<typeof PROJECT_JSON> {
  return {
    id: project.id,
    name: project.name,
    max_key_lifetime_days: project.maxKeyLifetimeDays,
    count_unverified_revenue: project.countUnverifiedRevenue,
    leaked_key_policy: project.leakedKeyPolicy,
    rate_limits: project.rateLimits,
    retention_days: project.retentionDays,
    created_at: new Date(project.createdAt).toISOString(),
    updated_at: new Date(project.updatedAt).toISOString(),
  };
}
