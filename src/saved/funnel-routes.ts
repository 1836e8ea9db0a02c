import { Type } from 'typebox';
import { toUnpagedList, unpagedListOf } from '../api/list.ts';
import { defineRoute, type Route } from '../api/route.ts';
import type { Control } from '../control/control.ts';
import { closedObject, component } from '../lib/schema.ts';
import {
  FUNNEL_CHANGES,
  FUNNEL_EXAMPLE,
  FUNNEL_JSON,
  FUNNELS,
  type FunnelContent,
  NEW_FUNNEL,
  toFunnelContent,
  toFunnelJson,
} from './funnels.ts';
import {
  createSaved,
  deleteSaved,
  getSaved,
  listSaved,
  type SavedServices,
  updateSaved,
} from './saved-items.ts';
import { requireAllApps, WHO } from './write-permission.ts';

const PARAMS = closedObject({ id: Type.String({ description: 'ID of the funnel.' }) });
const EXAMPLE_PARAMS = { id: 'funnel_01K9ZV0Q6T4M8XJ2R5C7N3B1WG' };

const listRoute = defineRoute({
  method: 'GET',
  path: '/v1/funnels',
  operationId: 'listFunnels',
  summary: 'List saved funnels',
  description: 'Returns the saved funnels of the project in the order in which they were created.',
  access: 'analytics:read',
  limit: 'management',
  answer: { status: 200, schema: component('FunnelList', unpagedListOf(FUNNEL_JSON)) },
  async handle({ control }: { control: Control }, { caller }) {
    const items = await listSaved<FunnelContent>(control, caller.project.id, FUNNELS);
    return toUnpagedList(items.map(toFunnelJson));
  },
});

const createRoute = defineRoute({
  method: 'POST',
  path: '/v1/funnels',
  operationId: 'createFunnel',
  summary: 'Save a funnel',
  description: `Saves the steps of a funnel under a name, for all members of the project. Query it by sending its definition to \`POST /v1/analytics/funnel\`. ${WHO}`,
  errors: ['app_not_allowed', 'limit_reached', 'conflict'],
  access: 'apps:write',
  limit: 'management',
  body: NEW_FUNNEL,
  requestHeaders: ['Idempotency-Key'],
  answer: { status: 201, schema: FUNNEL_JSON },
  example: { body: FUNNEL_EXAMPLE },
  async handle(services: SavedServices, { caller, body, idempotencyKey }) {
    requireAllApps(caller);
    const content = toFunnelContent(body);
    return toFunnelJson(
      await createSaved(services, caller.project.id, FUNNELS, content, caller, idempotencyKey),
    );
  },
});

const getRoute = defineRoute({
  method: 'GET',
  path: '/v1/funnels/{id}',
  operationId: 'getSavedFunnel',
  summary: 'Get a saved funnel',
  description: 'Returns the name and the definition of a saved funnel.',
  access: 'analytics:read',
  limit: 'management',
  params: PARAMS,
  answer: { status: 200, schema: FUNNEL_JSON },
  example: { params: EXAMPLE_PARAMS },
  async handle({ control }: { control: Control }, { caller, params }) {
    return toFunnelJson(await getSaved<FunnelContent>(control, caller.project.id, FUNNELS, params.id));
  },
});

const updateRoute = defineRoute({
  method: 'PATCH',
  path: '/v1/funnels/{id}',
  operationId: 'updateFunnel',
  summary: 'Update a saved funnel',
  description: `Changes the fields that are sent: the name, the definition as a whole, or both. ${WHO}`,
  errors: ['app_not_allowed'],
  access: 'apps:write',
  limit: 'management',
  params: PARAMS,
  body: FUNNEL_CHANGES,
  answer: { status: 200, schema: FUNNEL_JSON },
  example: { params: EXAMPLE_PARAMS, body: { name: 'Purchases' } },
  async handle(services: SavedServices, { caller, params, body }) {
    requireAllApps(caller);
    const change = toFunnelContent(body);
    return toFunnelJson(
      await updateSaved<FunnelContent>(services, caller.project.id, FUNNELS, params.id, change, caller),
    );
  },
});

const deleteRoute = defineRoute({
  method: 'DELETE',
  path: '/v1/funnels/{id}',
  operationId: 'deleteFunnel',
  summary: 'Delete a saved funnel',
  description: `Deletes a saved funnel and returns it. ${WHO}`,
  errors: ['app_not_allowed'],
  access: 'apps:write',
  limit: 'management',
  params: PARAMS,
  answer: { status: 200, schema: FUNNEL_JSON },
  example: { params: EXAMPLE_PARAMS },
  async handle(services: SavedServices, { caller, params }) {
    requireAllApps(caller);
    return toFunnelJson(
      await deleteSaved<FunnelContent>(services, caller.project.id, FUNNELS, params.id, caller),
    );
  },
});

/** The routes of saved funnels. */
export const funnelRoutes = [
  listRoute,
  createRoute,
  getRoute,
  updateRoute,
  deleteRoute,
] satisfies Route<SavedServices>[];
