import { Type } from 'typebox';
import { LIST_QUERY, pageById, pageOf } from '../api/list.ts';
import { requireWholeProject } from '../api/permission.ts';
import { getApp } from '../api/resources.ts';
import { defineRoute, type Route } from '../api/route.ts';
import type { ChangeServices } from '../audit/audit.ts';
import type { App } from '../directory/app.ts';
import type { Directory } from '../directory/directory.ts';
import { isPastRestore } from '../directory/restorable.ts';
import type { Clock } from '../lib/clock.ts';
import { closedObject, component } from '../lib/schema.ts';
import { APP_JSON, toAppJson } from './app-json.ts';
import { CREATE_APP_BODY, createApp } from './create.ts';
import { deleteApp } from './delete.ts';
import { UPDATE_APP_BODY, updateApp } from './update.ts';

const APP_PARAMS = closedObject({ id: Type.String({ description: 'ID of the app.' }) });
const EXAMPLE_ID = 'app_01K9ZV0Q6T4M8XJ2R5C7N3B1WD';

const createRoute = defineRoute({
  method: 'POST',
  path: '/v1/apps',
  operationId: 'createApp',
  summary: 'Create an app',
  description:
    'Creates an app in the project of the key. Add one app per platform. A key that is restricted to some apps cannot create others.',
  errors: ['app_not_allowed', 'limit_reached'],
  access: 'apps:write',
  limit: 'management',
  body: CREATE_APP_BODY,
  requestHeaders: ['Idempotency-Key'],
  answer: { status: 201, schema: APP_JSON },
  example: { body: { name: 'Notes for iOS', platform: 'ios', timezone: 'Europe/Berlin', currency: 'EUR' } },
  async handle(services: ChangeServices, { caller, body, idempotencyKey }) {
    // A key restricted to some apps would not reach the new one.
    requireWholeProject(caller, "This key is restricted to some apps, so it can't create another one.");
    return toAppJson(await createApp(services, caller.project.id, body, caller, idempotencyKey));
  },
});

/** The query of the list of apps. */
export const APP_LIST_QUERY = closedObject({
  ...LIST_QUERY,
  deleted: Type.Optional(
    Type.Boolean({
      description: '`true` lists the deleted apps that can still be restored (default: `false`).',
    }),
  ),
});

const listRoute = defineRoute({
  method: 'GET',
  path: '/v1/apps',
  operationId: 'listApps',
  summary: 'List apps',
  description: 'Returns a page of the apps that the key can access, newest first.',
  access: 'apps:read',
  limit: 'management',
  query: APP_LIST_QUERY,
  answer: { status: 200, schema: component('AppPage', pageOf(APP_JSON)) },
  handle({ directory, clock }: { directory: Directory; clock: Clock }, { caller, query }) {
    const { appIds, projectId } = caller.principal;
    const now = clock.now();
    const isListed = (app: App) =>
      (app.deletedAt !== null) === (query.deleted ?? false) &&
      !isPastRestore(app, now) &&
      (appIds === null || appIds.includes(app.id));
    const { page, next_cursor } = pageById(directory.listApps(projectId), query, isListed);
    return { data: page.map(toAppJson), next_cursor };
  },
});

const getRoute = defineRoute({
  method: 'GET',
  path: '/v1/apps/{id}',
  operationId: 'getApp',
  summary: 'Get an app',
  description: 'Returns an app, even if it is deleted.',
  access: 'apps:read',
  limit: 'management',
  params: APP_PARAMS,
  answer: { status: 200, schema: APP_JSON },
  example: { params: { id: EXAMPLE_ID } },
  handle({ directory }: { directory: Directory }, { caller, params }) {
    return toAppJson(getApp(directory, caller, params.id));
  },
});

const updateRoute = defineRoute({
  method: 'PATCH',
  path: '/v1/apps/{id}',
  operationId: 'updateApp',
  summary: 'Update or restore an app',
  description:
    'Changes the fields that are sent. `"deleted": false` restores an app that was deleted in the last 30 days. Changes of `timezone` and `currency` apply to new queries; existing events do not change.',
  errors: ['conflict', 'limit_reached'],
  access: 'apps:write',
  limit: 'management',
  params: APP_PARAMS,
  body: UPDATE_APP_BODY,
  answer: { status: 200, schema: APP_JSON },
  example: { params: { id: EXAMPLE_ID }, body: { name: 'Notes' } },
  async handle(services: ChangeServices, { caller, params, body }) {
    const app = getApp(services.directory, caller, params.id);
    return toAppJson(await updateApp(services, app, body, caller));
  },
});

const deleteRoute = defineRoute({
  method: 'DELETE',
  path: '/v1/apps/{id}',
  operationId: 'deleteApp',
  summary: 'Delete an app',
  description:
    'Deletes an app: new events are rejected, and its events no longer show. For 30 days, it can be restored with `PATCH /v1/apps/{id}`.',
  access: 'apps:write',
  limit: 'management',
  params: APP_PARAMS,
  stepUp: true,
  answer: { status: 200, schema: APP_JSON },
  example: { params: { id: EXAMPLE_ID } },
  async handle(services: ChangeServices, { caller, params }) {
    const app = getApp(services.directory, caller, params.id);
    return toAppJson(await deleteApp(services, app, caller));
  },
});

/** The routes of a project's apps. */
export const appRoutes = [
  createRoute,
  listRoute,
  getRoute,
  updateRoute,
  deleteRoute,
] satisfies Route<ChangeServices>[];
