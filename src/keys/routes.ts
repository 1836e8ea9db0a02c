import { Type } from 'typebox';
import { LIST_QUERY, pageById, pageOf } from '../http/list.ts';
import { closedObject, defineRoute, type Route } from '../http/route.ts';
import { CREATE_KEY_BODY, createKey } from './create.ts';
import { getKey } from './get.ts';
import { KEY_STATUSES, statusOf } from './key.ts';
import { API_KEY_JSON, toApiKeyJson } from './key-json.ts';
import { REVOKE_REASONS, revokeKey } from './revoke.ts';
import { KEY_TYPES } from './scopes.ts';
import { reachesMoreApps } from './within.ts';

const KEY_PARAMS = closedObject({ id: Type.String() });
const EXAMPLE_ID = 'key_01K9ZV0Q6T4M8XJ2R5C7N3B1WD';

const CREATED_KEY_JSON = closedObject({
  ...API_KEY_JSON.properties,
  key: Type.String({ description: 'The whole key. This is the only time it is shown.' }),
});

const createRoute = defineRoute({
  method: 'POST',
  path: '/v1/api-keys',
  summary: 'Create an API key',
  access: 'keys:write',
  limit: 'management',
  body: CREATE_KEY_BODY,
  answer: { status: 201, schema: CREATED_KEY_JSON },
  example: { body: { name: 'Production iOS', type: 'client', scopes: ['events:write'] } },
  async handle(services, { caller, body }) {
    const maker = { id: caller.key.id, reach: caller.key };
    const { key, secret } = await createKey(services, caller.project, body, maker);
    return { ...toApiKeyJson(key, services.clock.now()), key: secret };
  },
});

const listRoute = defineRoute({
  method: 'GET',
  path: '/v1/api-keys',
  summary: 'List API keys, newest first',
  access: 'keys:read',
  limit: 'management',
  query: closedObject({
    ...LIST_QUERY,
    type: Type.Optional(Type.Enum([...KEY_TYPES])),
    status: Type.Optional(Type.Enum([...KEY_STATUSES])),
  }),
  answer: { status: 200, schema: pageOf(API_KEY_JSON) },
  handle({ directory, clock }, { caller, query }) {
    const now = clock.now();
    const keys = directory
      .listKeys(caller.project.id)
      .filter((key) => !reachesMoreApps(key, caller.key))
      .filter((key) => query.type === undefined || key.type === query.type)
      .filter((key) => query.status === undefined || statusOf(key, now) === query.status);
    const { page, next_cursor } = pageById(keys, query);
    return { data: page.map((key) => toApiKeyJson(key, now)), next_cursor };
  },
});

/** What a client key learns of itself: whoever holds the app can ask. */
const CLIENT_SELF = ['id', 'type', 'scopes', 'project_id', 'app_ids', 'expires_at'] as const;
const SELF_JSON = Type.Interface(
  [Type.Pick(API_KEY_JSON, [...CLIENT_SELF])],
  Type.Partial(Type.Omit(API_KEY_JSON, [...CLIENT_SELF])).properties,
);

const selfRoute = defineRoute({
  method: 'GET',
  path: '/v1/api-keys/self',
  summary: 'Tell what the presented key is and can do',
  access: 'any_key',
  limit: 'management',
  answer: { status: 200, schema: SELF_JSON },
  handle({ clock }, { caller }) {
    const all = toApiKeyJson(caller.key, clock.now());
    if (caller.key.type !== 'client') return all;
    const { id, type, scopes, project_id, app_ids, expires_at } = all;
    return { id, type, scopes, project_id, app_ids, expires_at };
  },
});

const getRoute = defineRoute({
  method: 'GET',
  path: '/v1/api-keys/{id}',
  summary: 'Get an API key',
  access: 'keys:read',
  limit: 'management',
  params: KEY_PARAMS,
  answer: { status: 200, schema: API_KEY_JSON },
  example: { params: { id: EXAMPLE_ID } },
  handle(services, { caller, params }) {
    return toApiKeyJson(getKey(services, caller, params.id), services.clock.now());
  },
});

const revokeRoute = defineRoute({
  method: 'DELETE',
  path: '/v1/api-keys/{id}',
  summary: 'Revoke an API key at once',
  access: 'keys:write',
  limit: 'management',
  params: KEY_PARAMS,
  query: closedObject({ reason: Type.Optional(Type.Enum([...REVOKE_REASONS])) }),
  answer: { status: 200, schema: API_KEY_JSON },
  example: { params: { id: EXAMPLE_ID } },
  async handle(services, { caller, params, query }) {
    const key = getKey(services, caller, params.id);
    const revoked = await revokeKey(services, key, query.reason ?? 'other', caller.key.id);
    return toApiKeyJson(revoked, services.clock.now());
  },
});

/** Settings → API Keys, as an API. `self` stands before `{id}` for the reader; the router does not mind. */
export const keyRoutes: Route[] = [createRoute, listRoute, selfRoute, getRoute, revokeRoute];
