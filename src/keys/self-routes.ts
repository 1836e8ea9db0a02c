import { type Static, Type } from 'typebox';
import { defineRoute } from '../api/route.ts';
import { closedObject, component } from '../lib/schema.ts';
import type { KeyServices } from './create.ts';
import { API_KEY_JSON, toKeyJson } from './key-json.ts';
import { reportLeak } from './revoke.ts';
import type { UnstoredRevocations } from './unstored-revocations.ts';
import { withdrawKey } from './withdraw.ts';

/** What a client key can read about itself: anyone with a copy of the app can send this request. */
const CLIENT_SELF = ['id', 'type', 'scopes', 'project_id', 'app_ids', 'expires_at'] as const;

/** What a key can read about itself. */
export const SELF_JSON = component(
  'CurrentApiKey',
  Type.Interface(
    [Type.Pick(API_KEY_JSON, [...CLIENT_SELF])],
    Type.Partial(Type.Omit(API_KEY_JSON, [...CLIENT_SELF])).properties,
  ),
  { description: 'The key of the request. Client keys get only the members that are always there.' },
);

/** Returns the key that the request presents. */
export const selfRoute = defineRoute({
  method: 'GET',
  path: '/v1/api-keys/self',
  operationId: 'getCurrentApiKey',
  summary: 'Get the key of the request',
  description:
    'Returns the key that the request is made with: its type, scopes, apps, expiry and usage. A client key gets its essentials only.',
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

/** The answer to a client key that reports itself as leaked. */
export const LEAK_REPORT_JSON = component(
  'LeakReport',
  closedObject({
    id: Type.String({ description: 'ID of the key.' }),
    message: Type.String({ description: 'What happened.' }),
  }),
);

/** Revokes the key that the request presents. */
export const selfRevokeRoute = defineRoute({
  method: 'POST',
  path: '/v1/api-keys/self/revoke',
  operationId: 'revokeCurrentApiKey',
  summary: 'Revoke the key of the request',
  description:
    'Revokes the key that the request is made with, immediately, as leaked. Anyone who finds a server or read-only key can revoke it this way. A client key is only reported, with 202: it ships in every copy of an app.',
  errors: ['revocation_not_stored'],
  access: 'any_key',
  limit: 'management',
  isNeverShed: true,
  answer: {
    status: 202,
    description: 'A client key was reported, not revoked',
    mayBeEmpty: true,
    schema: Type.Unsafe<Static<typeof LEAK_REPORT_JSON> | undefined>(LEAK_REPORT_JSON),
  },
  async handle(services: KeyServices & { unstored: UnstoredRevocations }, { caller }) {
    const { key } = caller;
    if (key.type === 'client') {
      await reportLeak(services, key, caller);
      return { id: key.id, message: 'Reported. Every copy of the app has this key, so it keeps working.' };
    }
    await withdrawKey(services, key, 'leaked', caller);
    return undefined;
  },
});
