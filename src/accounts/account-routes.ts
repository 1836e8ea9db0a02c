import { Type } from 'typebox';
import type { SignedIn } from '../api/caller.ts';
import { ApiError } from '../api/errors.ts';
import { toUnpagedList, unpagedListOf } from '../api/list.ts';
import { defineRoute, NO_CONTENT, type Route } from '../api/route.ts';
import { closedObject } from '../lib/schema.ts';
import { ACCOUNT_FIELDS, type AccountServices, PRESENTED_CODE, PRESENTED_PASSWORD } from './account.ts';
import { rememberDevice } from './known-device.ts';
import { TOTP_CODE } from './second-factor.ts';
import { SESSION_JSON, toSessionJson } from './session-json.ts';
import { findSessionById, listSessions, revokeSession, SESSION_ITEM_JSON } from './sessions.ts';
import { stepUp } from './step-up.ts';
import { confirmTotp, offerTotp, removeTotp } from './totp.ts';
import { changePassword, updateAccount } from './update-account.ts';

const stepUpRoute = defineRoute({
  method: 'POST',
  path: '/app/v1/step-up',
  summary: 'Confirm your identity for the next 10 minutes',
  access: 'signed_in',
  limit: 'management',
  body: closedObject({ password: PRESENTED_PASSWORD, code: Type.Optional(PRESENTED_CODE) }),
  answer: { status: 200, schema: closedObject({ stepped_up_until: Type.String({ format: 'date-time' }) }) },
  async handle(services: AccountServices, { caller, body }) {
    const until = await stepUp(services, caller, body);
    return { stepped_up_until: new Date(until).toISOString() };
  },
});

const listRoute = defineRoute({
  method: 'GET',
  path: '/app/v1/sessions',
  summary: 'List your sessions, newest first',
  access: 'signed_in',
  limit: 'management',
  answer: { status: 200, schema: unpagedListOf(SESSION_ITEM_JSON) },
  async handle(services: AccountServices, { caller }) {
    return toUnpagedList(await listSessions(services, caller));
  },
});

const revokeRoute = defineRoute({
  method: 'DELETE',
  path: '/app/v1/sessions/{id}',
  isNeverShed: true,
  summary: 'End one of your sessions',
  access: 'signed_in',
  limit: 'management',
  params: closedObject({ id: Type.String() }),
  answer: NO_CONTENT,
  handle: (services: AccountServices, { caller, params }) =>
    revokeSession(services, caller.session.person.id, params.id, caller),
});

const updateRoute = defineRoute({
  method: 'PATCH',
  path: '/app/v1/account',
  summary: 'Change your name or email address',
  access: 'signed_in',
  limit: 'management',
  body: Type.Object(
    { name: Type.Optional(ACCOUNT_FIELDS.name), email: Type.Optional(ACCOUNT_FIELDS.email) },
    { additionalProperties: false, minProperties: 1 },
  ),
  stepUp: ({ body }) => body.email !== undefined,
  answer: { status: 200, schema: SESSION_JSON },
  async handle(services: AccountServices, { caller, body }) {
    await updateAccount(services, caller, body);
    return toSessionAnswer(services, caller);
  },
});

async function toSessionAnswer(services: AccountServices, { session: { id } }: SignedIn) {
  const session = await findSessionById(services, id);
  if (!session) throw new ApiError('not_signed_in');
  return toSessionJson(services, session);
}

const passwordRoute = defineRoute({
  method: 'POST',
  path: '/app/v1/account/password',
  summary: 'Change your password; ends your other sessions',
  access: 'signed_in',
  limit: 'management',
  body: closedObject({ new_password: ACCOUNT_FIELDS.password }),
  stepUp: true,
  answer: NO_CONTENT,
  async handle(services: AccountServices, { caller, raw, body }) {
    await changePassword(services, caller, body.new_password);
    await rememberDevice(services, raw, caller.session.person.id);
  },
});

const offerRoute = defineRoute({
  method: 'POST',
  path: '/app/v1/account/totp',
  summary: 'Start setting up two-factor authentication',
  access: 'signed_in',
  limit: 'management',
  body: closedObject({}),
  isBodyOptional: true,
  stepUp: true,
  answer: {
    status: 200,
    schema: closedObject({
      uri: Type.String(),
      secret: Type.String(),
      backup_codes: Type.Array(Type.String()),
    }),
  },
  handle: (services: AccountServices, { caller }) => offerTotp(services, caller),
});

const confirmRoute = defineRoute({
  method: 'POST',
  path: '/app/v1/account/totp/confirm',
  summary: 'Turn on two-factor authentication with a code from the app',
  access: 'signed_in',
  limit: 'management',
  body: closedObject({ code: Type.String({ pattern: TOTP_CODE.source }) }),
  answer: NO_CONTENT,
  handle: (services: AccountServices, { caller, body }) => confirmTotp(services, caller, body.code),
});

const removeRoute = defineRoute({
  method: 'DELETE',
  path: '/app/v1/account/totp',
  summary: 'Turn off two-factor authentication',
  access: 'signed_in',
  limit: 'management',
  stepUp: true,
  answer: NO_CONTENT,
  handle: (services: AccountServices, { caller }) => removeTotp(services, caller),
});

/** The routes of a person's own account. */
export const accountRoutes = [
  stepUpRoute,
  listRoute,
  revokeRoute,
  updateRoute,
  passwordRoute,
  offerRoute,
  confirmRoute,
  removeRoute,
] satisfies Route<AccountServices>[];
