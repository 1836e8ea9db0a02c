import { type Static, Type } from 'typebox';
import { ApiError } from '../http/errors.ts';
import { closedObject, defineRoute, nullable, type Route } from '../http/route.ts';
import type { Project } from './project.ts';
import { UPDATE_PROJECT_BODY, updateProject } from './update.ts';

const PROJECT_JSON = closedObject({
  id: Type.String(),
  name: Type.String(),
  max_key_lifetime_days: nullable(Type.Integer()),
  count_unverified_revenue: Type.Boolean(),
  leaked_key_policy: Type.Union([Type.Literal('revoke'), Type.Integer()]),
  created_at: Type.String({ format: 'date-time' }),
  updated_at: Type.String({ format: 'date-time' }),
});

function toProjectJson(project: Project): Static<typeof PROJECT_JSON> {
  return {
    id: project.id,
    name: project.name,
    max_key_lifetime_days: project.maxKeyLifetimeDays,
    count_unverified_revenue: project.countUnverifiedRevenue,
    leaked_key_policy: project.leakedKeyPolicy,
    created_at: new Date(project.createdAt).toISOString(),
    updated_at: new Date(project.updatedAt).toISOString(),
  };
}

const getRoute = defineRoute({
  method: 'GET',
  path: '/v1/project',
  summary: "Get the key's project",
  access: 'project:read',
  limit: 'management',
  answer: { status: 200, schema: PROJECT_JSON },
  handle(_services, { caller }) {
    return toProjectJson(caller.project);
  },
});

const updateRoute = defineRoute({
  method: 'PATCH',
  path: '/v1/project',
  summary: "Change the project's name and rules",
  access: 'project:write',
  limit: 'management',
  body: UPDATE_PROJECT_BODY,
  answer: { status: 200, schema: PROJECT_JSON },
  example: { body: { max_key_lifetime_days: 365 } },
  async handle(services, { caller, body }) {
    if (caller.key.appIds !== null) {
      throw new ApiError('app_not_allowed', {
        detail: 'This key is narrowed to some apps; the project holds more.',
      });
    }
    return toProjectJson(await updateProject(services, caller.project, body));
  },
});

/** The project a key belongs to. */
export const projectRoutes: Route[] = [getRoute, updateRoute];
