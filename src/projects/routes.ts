import { ApiError } from '../api/errors.ts';
import { defineRoute, type Route } from '../api/route.ts';
import type { ChangeServices } from '../audit/audit.ts';
import { PROJECT_JSON, toProjectJson } from './project-json.ts';
import { isGuardedSetting } from './step-up-rules.ts';
import { UPDATE_PROJECT_BODY, updateProject } from './update.ts';

const getRoute = defineRoute({
  method: 'GET',
  path: '/v1/project',
  operationId: 'getProject',
  summary: 'Get the project of the key',
  description: 'Returns the name and the settings of the project that the key belongs to.',
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
  operationId: 'updateProject',
  summary: 'Update the project of the key',
  description:
    'Changes the fields that are sent. Settings apply to every app and key of the project, immediately. A key that is restricted to some apps cannot change them.',
  errors: ['app_not_allowed'],
  access: 'project:write',
  limit: 'management',
  body: UPDATE_PROJECT_BODY,
  stepUp: ({ body }) => isGuardedSetting(body),
  answer: { status: 200, schema: PROJECT_JSON },
  example: { body: { max_key_lifetime_days: 365 } },
  async handle(services: ChangeServices, { caller, body }) {
    if (caller.principal.appIds !== null) {
      throw new ApiError('app_not_allowed', {
        detail:
          'This key is restricted to some apps, but project settings affect all of them. Use a key for all apps.',
      });
    }
    return toProjectJson(await updateProject(services, caller.project, body, caller));
  },
});

/** The routes of a key's project. */
export const projectRoutes = [getRoute, updateRoute] satisfies Route<ChangeServices>[];
