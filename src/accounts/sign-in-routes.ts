import { Type } from 'typebox';
import { defineRoute, NO_CONTENT, type Route } from '../api/route.ts';
import { closedObject } from '../lib/schema.ts';
import { ACCOUNT_FIELDS, type AccountServices, PRESENTED_CODE, PRESENTED_PASSWORD } from './account.ts';
import { COOKIES, readCookie, renderCookie } from './cookies.ts';
import { resetPassword } from './reset-password.ts';
import { answerSignIn, SESSION_JSON, SIGN_IN_JSON, toSessionJson } from './session-json.ts';
import { revokeSession } from './sessions.ts';
import { signIn } from './sign-in.ts';
import { signInWithCode } from './sign-in-code.ts';
import { TOKEN } from './token.ts';

const signInRoute = defineRoute({
  method: 'POST',
  path: '/app/v1/sign-in',
  summary: 'Sign in',
  access: 'anonymous',
  limit: 'management',
  body: closedObject({ email: Type.String({ minLength: 1, maxLength: 254 }), password: PRESENTED_PASSWORD }),
  answer: { status: 200, schema: SIGN_IN_JSON },
  async handle(services: AccountServices, { raw, body }) {
    return answerSignIn(services, raw, await signIn(services, raw, body));
  },
});

const codeRoute = defineRoute({
  method: 'POST',
  path: '/app/v1/sign-in/totp',
  summary: 'Complete a sign-in with an authenticator or backup code',
  access: 'anonymous',
  limit: 'management',
  body: closedObject({ code: PRESENTED_CODE }),
  answer: { status: 200, schema: SIGN_IN_JSON },
  async handle(services: AccountServices, { raw, body }) {
    const { isSecure, headers } = raw;
    const challenge = readCookie(headers.cookie, COOKIES.challenge, isSecure);
    const outcome = await signInWithCode(services, raw, { challenge, code: body.code.trim() });
    raw.setCookie(renderCookie(COOKIES.challenge, '', { isSecure, maxAgeSeconds: 0 }));
    return answerSignIn(services, raw, outcome);
  },
});

const signOutRoute = defineRoute({
  method: 'POST',
  path: '/app/v1/sign-out',
  summary: 'Sign out',
  isNeverShed: true,
  access: 'signed_in',
  limit: 'management',
  answer: NO_CONTENT,
  async handle(services: AccountServices, { caller, raw }) {
    const { session } = caller;
    await revokeSession(services, session.person.id, session.id, caller);
    const { isSecure } = raw;
    raw.setCookie(renderCookie(COOKIES.session, '', { isSecure, maxAgeSeconds: 0 }));
  },
});

const resetRoute = defineRoute({
  method: 'POST',
  path: '/app/v1/reset',
  summary: 'Set a new password with a reset link',
  access: 'anonymous',
  limit: 'management',
  body: closedObject({ token: TOKEN, password: ACCOUNT_FIELDS.password }),
  answer: NO_CONTENT,
  handle: (services: AccountServices, { raw, body }) => resetPassword(services, raw, body),
});

const sessionRoute = defineRoute({
  method: 'GET',
  path: '/app/v1/session',
  summary: 'Get the current session',
  access: 'signed_in',
  limit: 'management',
  answer: { status: 200, schema: SESSION_JSON },
  handle: (services: AccountServices, { caller }) => toSessionJson(services, caller.session),
});

/** The routes to sign in and out, and to reset a password. */
export const signInRoutes = [
  signInRoute,
  codeRoute,
  signOutRoute,
  resetRoute,
  sessionRoute,
] satisfies Route<AccountServices>[];
