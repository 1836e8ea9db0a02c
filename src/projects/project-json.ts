import { type Static, Type } from 'typebox';
import type { Project } from '../directory/project.ts';
import { closedObject, nullable } from '../lib/schema.ts';
import { RATE_LIMITS } from '../limits/rate-limits.ts';

/** The JSON of a project. */
export const PROJECT_JSON = closedObject({
  id: Type.String(),
  name: Type.String(),
  max_key_lifetime_days: nullable(Type.Integer()),
  count_unverified_revenue: Type.Boolean(),
  leaked_key_policy: Type.Union([Type.Literal('revoke'), Type.Integer()]),
  rate_limits: nullable(RATE_LIMITS),
  created_at: Type.String({ format: 'date-time' }),
  updated_at: Type.String({ format: 'date-time' }),
});

/** Returns a project as JSON. */
export function toProjectJson(project: Project): Static<typeof PROJECT_JSON> {
  return {
    id: project.id,
    name: project.name,
    max_key_lifetime_days: project.maxKeyLifetimeDays,
    count_unverified_revenue: project.countUnverifiedRevenue,
    leaked_key_policy: project.leakedKeyPolicy,
    rate_limits: project.rateLimits,
    created_at: new Date(project.createdAt).toISOString(),
    updated_at: new Date(project.updatedAt).toISOString(),
  };
}
