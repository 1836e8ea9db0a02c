import { type Static, Type } from 'typebox';
import { defineRoute } from '../api/route.ts';
import { closedObject } from '../lib/schema.ts';
import type { KeyServices } from './create.ts';
import { API_KEY_JSON, toKeyJson } from './key-json.ts';
import { reportLeak, revokeKey } from './revoke.ts';

/** What a client key learns of itself: whoever holds the app can ask. */
const CLIENT_SELF = ['id', 'type', 'scopes', 'project_id', 'app_ids', 'expires_at'] as const;
/** What a key learns of itself. */
export const SELF_JSON = Type.Interface(
  [Type.Pick(API_KEY_JSON, [...CLIENT_SELF])],
  Type.Partial(Type.Omit(API_KEY_JSON, [...CLIENT_SELF])).properties,
);

/** What am I. */
export const selfRoute = defineRoute({
  method: 'GET',
  path: '/v1/api-keys/self',
  summary: 'Tell what the presented key is and can do',
  access: 'any_key',
  limit: 'management',
  answer: { status: 200, schema: SELF_JSON },
  handle(services: KeyServices, { caller }) {
    const all = toKeyJson(services, caller.key);
    if (caller.key.type !== 'client') return all;
    const { id, type, scopes, project_id, app_ids, expires_at } = all;
    return { id, type, scopes, project_id, app_ids, expires_at };
  },
});

/** What a client key learns after reporting itself. */
export const LEAK_REPORT_JSON = closedObject({
  id: Type.String(),
  message: Type.String(),
});

/** Kill me. */
export const selfRevokeRoute = defineRoute({
  method: 'POST',
  path: '/v1/api-keys/self/revoke',
  summary: 'Revoke the presented key as leaked; of a client key, only report it',
  access: 'any_key',
  limit: 'management',
  answer: {
    status: 202,
    mayBeEmpty: true,
    schema: Type.Unsafe<Static<typeof LEAK_REPORT_JSON> | undefined>(LEAK_REPORT_JSON),
  },
  async handle(services: KeyServices, { caller }) {
    const { key, actor } = caller;
    if (key.type === 'client') {
      await reportLeak(services, key, actor);
      return { id: key.id, message: 'Reported. Every copy of the app holds this key, so it works on.' };
    }
    await revokeKey(services, key, 'leaked', actor);
    return undefined;
  },
});
