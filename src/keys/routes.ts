import { Type } from 'typebox';
import { LIST_QUERY, pageById, pageOf } from '../api/list.ts';
import { getKey } from '../api/resources.ts';
import { defineRoute, type Route } from '../api/route.ts';
import type { Directory } from '../directory/directory.ts';
import { closedObject, component } from '../lib/schema.ts';
import type { KeyServices } from './create.ts';
import { CREATE_KEY_BODY, insertKey } from './create.ts';
import { createSecretOnce } from './create-secret-once.ts';
import { API_KEY_JSON, type ApiKeyJson, KEY_WITH_SECRET_JSON, toKeyJson } from './key-json.ts';
import { createKeyFilter, KEY_FILTERS } from './list.ts';
import { restoreKey } from './restore.ts';
import { REVOKE_REASONS } from './revoke.ts';
import { endGracePeriod, ROTATE_KEY_BODY, replaceSecret } from './rotate.ts';
import { selfRevokeRoute, selfRoute } from './self-routes.ts';
import { isGuardedChange, isGuardedType } from './step-up-rules.ts';
import type { UnstoredRevocations } from './unstored-revocations.ts';
import { UPDATE_KEY_BODY } from './update.ts';
import { usageRoute } from './usage/routes.ts';
import { updateOrDisableKey, withdrawKey } from './withdraw.ts';

type ManagedKeyServices = KeyServices & { unstored: UnstoredRevocations };

const KEY_PARAMS = closedObject({ id: Type.String({ description: 'ID of the key.' }) });
const EXAMPLE_ID = 'key_01K9ZV0Q6T4M8XJ2R5C7N3B1WD';

const headersOf = ({ etag }: Pick<ApiKeyJson, 'etag'>) => ({ etag });
const KEY_ANSWER = { status: 200, schema: API_KEY_JSON, headersOf } as const;

type NamedKey = { params: { id: string }; projectId: string | undefined };

/** Returns the type of the key in the path; empty if the project has none with this ID. */
function typeOfKey({ params, projectId }: NamedKey, { directory }: { directory: Directory }): string {
  const key = directory.findKey(params.id);
  // A key of another project is treated as if it did not exist.
  return key?.projectId === projectId ? (key?.type ?? '') : '';
}

const isGuardedKey = (named: NamedKey, services: { directory: Directory }) =>
  isGuardedType(typeOfKey(named, services));

const createRoute = defineRoute({
  method: 'POST',
  path: '/v1/api-keys',
  operationId: 'createApiKey',
  summary: 'Create an API key',
  description:
    'Creates a key and returns it with its full secret, this one time. A key can only create keys within its own scopes, apps, expiry, addresses and limits.',
  errors: [
    'app_not_allowed',
    'exceeds_own_permissions',
    'not_found',
    'limit_reached',
    'idempotency_replay_expired',
  ],
  access: 'keys:write',
  limit: 'management',
  body: CREATE_KEY_BODY,
  stepUp: ({ body }) => isGuardedType(body.type),
  requestHeaders: ['Idempotency-Key'],
  answer: { status: 201, schema: KEY_WITH_SECRET_JSON, revealsKey: true, headersOf },
  example: { body: { name: 'Production iOS', type: 'client', scopes: ['events:write'] } },
  handle(services: KeyServices, { caller, body, idempotencyKey }) {
    const { project } = caller;
    return createSecretOnce(services, { project, by: caller, idempotencyKey }, (write) =>
      insertKey(services, write, project, body, caller),
    );
  },
});

/** The query parameters of the list of keys. */
export const KEY_LIST_QUERY = closedObject({ ...LIST_QUERY, ...KEY_FILTERS });

const listRoute = defineRoute({
  method: 'GET',
  path: '/v1/api-keys',
  operationId: 'listApiKeys',
  summary: 'List API keys',
  description: 'Returns a page of the keys that match all filters, newest first, without their secrets.',
  access: 'keys:read',
  limit: 'management',
  query: KEY_LIST_QUERY,
  app: { from: 'query', required: false },
  answer: { status: 200, schema: component('ApiKeyPage', pageOf(API_KEY_JSON)) },
  handle(services: KeyServices, { caller, query }) {
    const keys = services.directory.viewKeys(caller.project.id);
    const { page, next_cursor } = pageById(keys, query, createKeyFilter(services, caller, query));
    return { data: page.map((key) => toKeyJson(services, key)), next_cursor };
  },
});

const getRoute = defineRoute({
  method: 'GET',
  path: '/v1/api-keys/{id}',
  operationId: 'getApiKey',
  summary: 'Get an API key',
  description: 'Returns a key without its secret.',
  access: 'keys:read',
  limit: 'management',
  params: KEY_PARAMS,
  answer: KEY_ANSWER,
  example: { params: { id: EXAMPLE_ID } },
  handle(services: KeyServices, { caller, params }) {
    return toKeyJson(services, getKey(services, caller, params.id));
  },
});

const updateRoute = defineRoute({
  method: 'PATCH',
  path: '/v1/api-keys/{id}',
  operationId: 'updateApiKey',
  summary: 'Update, disable or enable an API key',
  description:
    'Changes the fields that are sent; null removes a restriction. Changes apply from the next request. Send the `etag` as `If-Match` so that you do not overwrite the changes of others.',
  errors: ['exceeds_own_permissions', 'conflict', 'revocation_not_stored'],
  access: 'keys:write',
  limit: 'management',
  params: KEY_PARAMS,
  body: UPDATE_KEY_BODY,
  stepUp: (input, services: ManagedKeyServices) => isGuardedChange(typeOfKey(input, services), input.body),
  requestHeaders: ['If-Match'],
  answer: KEY_ANSWER,
  example: { params: { id: EXAMPLE_ID }, body: { name: 'Production iOS 2' } },
  async handle(services: ManagedKeyServices, { caller, params, body, ifMatch }) {
    const { id: keyId } = getKey(services, caller, params.id);
    const change = { keyId, body, ifMatch };
    return toKeyJson(services, await updateOrDisableKey(services, caller.project, change, caller));
  },
});

const rotateRoute = defineRoute({
  method: 'POST',
  path: '/v1/api-keys/{id}/rotate',
  operationId: 'rotateApiKey',
  summary: 'Rotate an API key',
  description:
    'Creates a new secret and returns it, this one time. The old secret keeps working for a grace period. Name, scopes, limits and history of the key stay the same.',
  errors: [
    'exceeds_own_permissions',
    'conflict',
    'limit_reached',
    'rotation_in_progress',
    'idempotency_replay_expired',
  ],
  access: 'keys:write',
  limit: 'management',
  params: KEY_PARAMS,
  body: ROTATE_KEY_BODY,
  stepUp: isGuardedKey,
  isBodyOptional: true,
  requestHeaders: ['Idempotency-Key'],
  answer: { status: 200, schema: KEY_WITH_SECRET_JSON, revealsKey: true, headersOf },
  example: { params: { id: EXAMPLE_ID }, body: { grace_seconds: 3_600 } },
  handle(services: KeyServices, { caller, params, body, idempotencyKey }) {
    const { id: keyId } = getKey(services, caller, params.id);
    const { project } = caller;
    return createSecretOnce(services, { project, by: caller, idempotencyKey }, (write) =>
      replaceSecret(services, write, project, { keyId, body }, caller),
    );
  },
});

const endGraceRoute = defineRoute({
  method: 'POST',
  path: '/v1/api-keys/{id}/end-grace',
  operationId: 'expireOldSecret',
  summary: 'Expire the old secret of an API key',
  description: 'Ends the grace period of a rotation immediately: only the new secret works.',
  errors: ['no_grace_running'],
  access: 'keys:write',
  limit: 'management',
  params: KEY_PARAMS,
  answer: KEY_ANSWER,
  example: { params: { id: EXAMPLE_ID } },
  async handle(services: KeyServices, { caller, params }) {
    const key = getKey(services, caller, params.id);
    return toKeyJson(services, await endGracePeriod(services, key, caller));
  },
});

/** The query parameters of revoking a key. */
export const REVOKE_QUERY = closedObject({
  reason: Type.Optional(
    Type.Enum([...REVOKE_REASONS], {
      description: 'Why (default: `other`). A key that was revoked as `leaked` can never be restored.',
    }),
  ),
});

const revokeRoute = defineRoute({
  method: 'DELETE',
  path: '/v1/api-keys/{id}',
  operationId: 'revokeApiKey',
  summary: 'Revoke an API key',
  description:
    'All requests with the key fail immediately, and running exports and streams end. Unless it leaked, the key can be restored within 60 minutes.',
  errors: ['revocation_not_stored'],
  access: 'keys:write',
  limit: 'management',
  isNeverShed: true,
  params: KEY_PARAMS,
  query: REVOKE_QUERY,
  answer: KEY_ANSWER,
  example: { params: { id: EXAMPLE_ID } },
  async handle(services: ManagedKeyServices, { caller, params, query }) {
    const key = getKey(services, caller, params.id);
    return toKeyJson(services, await withdrawKey(services, key, query.reason ?? 'other', caller));
  },
});

const restoreRoute = defineRoute({
  method: 'POST',
  path: '/v1/api-keys/{id}/restore',
  operationId: 'restoreApiKey',
  summary: 'Restore a revoked API key',
  description:
    'Works within 60 minutes of the revocation, unless the key was revoked because it leaked or because the secret of the installation was reset.',
  errors: ['exceeds_own_permissions', 'limit_reached', 'not_restorable'],
  access: 'keys:write',
  limit: 'management',
  params: KEY_PARAMS,
  stepUp: isGuardedKey,
  answer: KEY_ANSWER,
  example: { params: { id: EXAMPLE_ID } },
  async handle(services: KeyServices, { caller, params }) {
    const { id } = getKey(services, caller, params.id);
    return toKeyJson(services, await restoreKey(services, caller.project, id, caller));
  },
});

/** The API of Settings → API Keys. `self` comes before `{id}` for the reader only; the order does not matter to the router. */
export const keyRoutes = [
  createRoute,
  listRoute,
  selfRoute,
  selfRevokeRoute,
  getRoute,
  usageRoute,
  updateRoute,
  rotateRoute,
  endGraceRoute,
  revokeRoute,
  restoreRoute,
] satisfies Route<ManagedKeyServices>[];
