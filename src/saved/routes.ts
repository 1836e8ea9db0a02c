import { Type } from 'typebox';
import { toUnpagedList, unpagedListOf } from '../api/list.ts';
import { defineRoute, type Route } from '../api/route.ts';
import type { Control } from '../control/control.ts';
import { closedObject, component } from '../lib/schema.ts';
import {
  ANNOTATION_JSON,
  ANNOTATIONS,
  type AnnotationContent,
  NEW_ANNOTATION,
  toAnnotationContent,
  toAnnotationJson,
} from './annotations.ts';
import { funnelRoutes } from './funnel-routes.ts';
import { createSaved, deleteSaved, listSaved, type SavedServices, updateSaved } from './saved-items.ts';
import {
  NEW_VIEW,
  toViewContent,
  toViewJson,
  VIEW_CHANGES,
  VIEW_JSON,
  VIEWS,
  type ViewContent,
} from './views.ts';
import { requireAllApps, WHO } from './write-permission.ts';

const paramsOf = (what: string) => closedObject({ id: Type.String({ description: `ID of the ${what}.` }) });

const ANNOTATION_ID = 'ann_01K9ZV0Q6T4M8XJ2R5C7N3B1WE';
const VIEW_ID = 'view_01K9ZV0Q6T4M8XJ2R5C7N3B1WF';

const listAnnotationsRoute = defineRoute({
  method: 'GET',
  path: '/v1/annotations',
  operationId: 'listAnnotations',
  summary: 'List annotations',
  description:
    'Returns the annotations of the project, which charts show, in the order in which they were created.',
  access: 'analytics:read',
  limit: 'management',
  answer: { status: 200, schema: component('AnnotationList', unpagedListOf(ANNOTATION_JSON)) },
  async handle({ control }: { control: Control }, { caller }) {
    const items = await listSaved<AnnotationContent>(control, caller.project.id, ANNOTATIONS);
    return toUnpagedList(items.map(toAnnotationJson));
  },
});

const createAnnotationRoute = defineRoute({
  method: 'POST',
  path: '/v1/annotations',
  operationId: 'createAnnotation',
  summary: 'Add an annotation',
  description: `Marks a day on the charts of the project, such as a release or a campaign. ${WHO}`,
  errors: ['app_not_allowed', 'limit_reached', 'conflict'],
  access: 'apps:write',
  limit: 'management',
  body: NEW_ANNOTATION,
  requestHeaders: ['Idempotency-Key'],
  answer: { status: 201, schema: ANNOTATION_JSON },
  example: { body: { date: '2026-11-22', text: 'Version 2.4' } },
  async handle(services: SavedServices, { caller, body, idempotencyKey }) {
    requireAllApps(caller);
    const content = toAnnotationContent(body);
    return toAnnotationJson(
      await createSaved(services, caller.project.id, ANNOTATIONS, content, caller, idempotencyKey),
    );
  },
});

const deleteAnnotationRoute = defineRoute({
  method: 'DELETE',
  path: '/v1/annotations/{id}',
  operationId: 'deleteAnnotation',
  summary: 'Delete an annotation',
  description: `Deletes an annotation and returns it. ${WHO}`,
  errors: ['app_not_allowed'],
  access: 'apps:write',
  limit: 'management',
  params: paramsOf('annotation'),
  answer: { status: 200, schema: ANNOTATION_JSON },
  example: { params: { id: ANNOTATION_ID } },
  async handle(services: SavedServices, { caller, params }) {
    requireAllApps(caller);
    return toAnnotationJson(
      await deleteSaved<AnnotationContent>(services, caller.project.id, ANNOTATIONS, params.id, caller),
    );
  },
});

const listViewsRoute = defineRoute({
  method: 'GET',
  path: '/v1/views',
  operationId: 'listViews',
  summary: 'List saved views',
  description: 'Returns the saved views of the project in the order in which they were created.',
  access: 'analytics:read',
  limit: 'management',
  answer: { status: 200, schema: component('ViewList', unpagedListOf(VIEW_JSON)) },
  async handle({ control }: { control: Control }, { caller }) {
    const items = await listSaved<ViewContent>(control, caller.project.id, VIEWS);
    return toUnpagedList(items.map(toViewJson));
  },
});

const createViewRoute = defineRoute({
  method: 'POST',
  path: '/v1/views',
  operationId: 'createView',
  summary: 'Save a view',
  description: `Saves the filters of a page of the dashboard under a name, for all members of the project. ${WHO}`,
  errors: ['app_not_allowed', 'limit_reached', 'conflict'],
  access: 'apps:write',
  limit: 'management',
  body: NEW_VIEW,
  requestHeaders: ['Idempotency-Key'],
  answer: { status: 201, schema: VIEW_JSON },
  example: { body: { page: 'events', name: 'Purchases in Germany', search: 'range=30d&country=DE' } },
  async handle(services: SavedServices, { caller, body, idempotencyKey }) {
    requireAllApps(caller);
    const content = toViewContent(body);
    return toViewJson(await createSaved(services, caller.project.id, VIEWS, content, caller, idempotencyKey));
  },
});

const updateViewRoute = defineRoute({
  method: 'PATCH',
  path: '/v1/views/{id}',
  operationId: 'updateView',
  summary: 'Update a saved view',
  description: `Changes the fields that are sent: the name, the filters, or both. ${WHO}`,
  errors: ['app_not_allowed'],
  access: 'apps:write',
  limit: 'management',
  params: paramsOf('view'),
  body: VIEW_CHANGES,
  answer: { status: 200, schema: VIEW_JSON },
  example: { params: { id: VIEW_ID }, body: { name: 'Purchases' } },
  async handle(services: SavedServices, { caller, params, body }) {
    requireAllApps(caller);
    const change = toViewContent(body);
    return toViewJson(
      await updateSaved<ViewContent>(services, caller.project.id, VIEWS, params.id, change, caller),
    );
  },
});

const deleteViewRoute = defineRoute({
  method: 'DELETE',
  path: '/v1/views/{id}',
  operationId: 'deleteView',
  summary: 'Delete a saved view',
  description: `Deletes a saved view and returns it. ${WHO}`,
  errors: ['app_not_allowed'],
  access: 'apps:write',
  limit: 'management',
  params: paramsOf('view'),
  answer: { status: 200, schema: VIEW_JSON },
  example: { params: { id: VIEW_ID } },
  async handle(services: SavedServices, { caller, params }) {
    requireAllApps(caller);
    return toViewJson(await deleteSaved<ViewContent>(services, caller.project.id, VIEWS, params.id, caller));
  },
});

/** The routes of what a project saves. */
export const savedRoutes = [
  listAnnotationsRoute,
  createAnnotationRoute,
  deleteAnnotationRoute,
  listViewsRoute,
  createViewRoute,
  updateViewRoute,
  deleteViewRoute,
  ...funnelRoutes,
] satisfies Route<SavedServices>[];
