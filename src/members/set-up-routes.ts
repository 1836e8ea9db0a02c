import { Type } from 'typebox';
import { ACCOUNT_FIELDS, type AccountServices } from '../accounts/account.ts';
import { answerSignIn, SIGN_IN_JSON } from '../accounts/session-json.ts';
import { TOKEN } from '../accounts/token.ts';
import { defineRoute, type Route } from '../api/route.ts';
import { closedObject } from '../lib/schema.ts';
import { hasAccounts, setUp } from './set-up.ts';

const setupStateRoute = defineRoute({
  method: 'GET',
  path: '/app/v1/setup',
  summary: 'Check whether the first account must be created',
  access: 'anonymous',
  limit: 'management',
  answer: {
    status: 200,
    schema: closedObject({ needs_setup: Type.Boolean(), allows_sign_in: Type.Boolean() }),
  },
  async handle(services: AccountServices, { raw }) {
    return { needs_setup: !(await hasAccounts(services)), allows_sign_in: raw.allowsSignIn };
  },
});

const setupRoute = defineRoute({
  method: 'POST',
  path: '/app/v1/setup',
  summary: 'Create the first account and sign in',
  access: 'anonymous',
  limit: 'management',
  body: closedObject({ token: TOKEN, ...ACCOUNT_FIELDS }),
  answer: { status: 201, schema: SIGN_IN_JSON },
  async handle(services: AccountServices, { raw, body }) {
    return answerSignIn(services, raw, await setUp(services, raw, body));
  },
});

/** The routes that create the first account. */
export const setUpRoutes = [setupStateRoute, setupRoute] satisfies Route<AccountServices>[];
