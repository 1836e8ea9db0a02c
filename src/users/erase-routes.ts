import { Type } from 'typebox';
import { ApiError } from '../api/errors.ts';
import { ALL_APPS } from '../api/resources.ts';
import { defineRoute, type Route } from '../api/route.ts';
import type { App } from '../directory/app.ts';
import type { Directory } from '../directory/directory.ts';
import { type Eraser, requestErasure } from '../erasure/eraser.ts';
import { findErasure } from '../erasure/erasure-record.ts';
import type { ErasureControl } from '../erasure/erasure-services.ts';
import { SECOND_MS } from '../lib/durations.ts';
import { closedObject } from '../lib/schema.ts';
import { ERASURE_JSON, toErasureJson } from './erasure-json.ts';

/** The services that erasing people needs. */
export type EraseServices = ErasureControl & { directory: Directory; eraser: Eraser };

/** How long a request waits until it is answered with 202. */
const WAIT_MS = 5 * SECOND_MS;

const eraseRoute = defineRoute({
  method: 'DELETE',
  path: '/v1/users/{app_user_id}',
  operationId: 'eraseUser',
  summary: 'Erase a person',
  description: `Erases the person with this ID, or with any other ID that is linked to them: events, profile, properties, links, and what is derived from them. It cannot be undone.

Events of the person that arrive later but are dated before the erasure are rejected as \`user_erased\`; events dated after it start a new profile, or count as those of someone else whose \`$identify\` event links the ID. This also applies to an ID without any events, which may still be on their way from a device.

The answer is 200 when everything is erased, usually within a second, or 202 when it takes longer: follow it with \`GET /v1/erasures/{id}\`. Erasing someone again is safe.`,
  access: 'users:delete',
  limit: 'management',
  stepUp: true,
  params: closedObject({
    app_user_id: Type.String({
      minLength: 1,
      maxLength: 256,
      description: 'Any `app_user_id` of the person.',
    }),
  }),
  query: closedObject({
    app_id: Type.Optional(
      Type.String({
        description:
          'The app, or `all` for every app that the key can access, deleted ones included. Required if there are several.',
      }),
    ),
  }),
  app: { from: 'query', required: true, acceptsAll: true },
  answer: {
    status: 200,
    schema: ERASURE_JSON,
    description: 'The person is erased.',
    pending: { isPending: ({ status }) => status === 'pending', description: 'The person is being erased.' },
  },
  example: { params: { app_user_id: 'user_123' } },
  async handle(services: EraseServices, { caller, params, query, app }) {
    const appIds = (query.app_id === ALL_APPS ? listAllApps(services, caller) : [app])
      .filter((one) => one !== undefined)
      .map(({ id }) => id);
    if (appIds.length === 0) throw new ApiError('app_required');
    const request = { projectId: caller.project.id, appIds, appUserId: params.app_user_id };
    const erasure = await requestErasure(services, request, caller);
    return toErasureJson((await services.eraser.run(erasure.id, WAIT_MS)) ?? erasure);
  },
});

/** Deleted apps too: they can be restored, with their events. */
function listAllApps(
  { directory }: EraseServices,
  { principal }: { principal: { projectId: string; appIds: readonly string[] | null } },
): App[] {
  const { projectId, appIds } = principal;
  return directory.listApps(projectId).filter(({ id }) => appIds === null || appIds.includes(id));
}

const getRoute = defineRoute({
  method: 'GET',
  path: '/v1/erasures/{id}',
  operationId: 'getErasure',
  summary: 'Get an erasure',
  description: 'Returns how far a request to erase a person is.',
  access: 'users:delete',
  limit: 'management',
  params: closedObject({ id: Type.String({ description: 'ID of the erasure.' }) }),
  answer: { status: 200, schema: ERASURE_JSON },
  example: { params: { id: 'ers_01KAN5X5N8T2QHV4J7RZ3M6CDE' } },
  async handle({ control }: EraseServices, { caller, params }) {
    const erasure = await findErasure(control, params.id);
    const { appIds } = caller.principal;
    const isVisible =
      erasure?.projectId === caller.project.id &&
      (appIds === null || erasure.appIds.every((id) => appIds.includes(id)));
    if (!erasure || !isVisible) throw new ApiError('not_found', { detail: 'There is no such erasure.' });
    return toErasureJson(erasure);
  },
});

/** The routes that erase people. */
export const eraseRoutes = [eraseRoute, getRoute] satisfies Route<EraseServices>[];
