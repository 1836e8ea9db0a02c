import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Route } from '../../src/api/route.ts';
import { DASHBOARD_ROUTES } from '../../src/routes.ts';
import { openBrowser, setUp, stepUp } from '../support/browser.ts';
import { type Answer, connect, startTestServer } from '../support/harness.ts';
import { nameOf } from '../support/route-request.ts';

const api = await startTestServer();
const owner = await setUp(api.url, api.server.setupUrl);
await stepUp(owner);
const { body: session } = await owner.call('GET', '/app/v1/session');
const cookie = owner.cookie();
const MISSING_ID = 'xxx_00000000000000000000000000';

const changing = DASHBOARD_ROUTES.filter(({ method }) => method !== 'GET');
const pathOf = ({ path }: Route) =>
  path.replace('{project_id}', api.project.project_id).replaceAll(/\{\w+\}/g, MISSING_ID);

/** Sends a body that would fail validation, so that a request that gets that far changes nothing. */
const send = (route: Route, headers: Record<string, string>) =>
  connect(api.url).call(route.method, pathOf(route), {
    headers: { cookie, ...headers },
    ...(route.body ? { body: { wrong: true } } : {}),
  });

function assertRejected(answer: Answer): void {
  assert.deepEqual([answer.status, answer.body.code], [403, 'csrf_rejected'], answer.text);
  assert.deepEqual(answer.headers.getSetCookie(), []);
}

const token = { 'x-appflow-csrf': session.csrf_token };

describe('CSRF protection', () => {
  for (const route of changing) {
    it(`rejects ${nameOf(route)} from another site, even with a valid cookie and token`, async () => {
      assertRejected(await send(route, { ...token, origin: 'https://evil.example' }));
      assertRejected(await send(route, { ...token, origin: 'null' }));
      assertRejected(await send(route, { ...token, origin: api.url, 'sec-fetch-site': 'cross-site' }));
      assertRejected(await send(route, token));
    });
  }

  for (const route of changing.filter(({ access }) => access !== 'anonymous')) {
    it(`rejects ${nameOf(route)} without the CSRF token of the session`, async () => {
      const csrf = 'x-appflow-csrf';
      for (const sent of [undefined, '', 'x'.repeat(session.csrf_token.length), `${session.csrf_token}x`]) {
        const headers = sent === undefined ? {} : { [csrf]: sent };
        assertRejected(await send(route, { ...headers, origin: api.url }));
      }
    });
  }
});

it('leaves the session and the account unchanged after rejected requests', async () => {
  assert.ok(changing.length > 20);
  const { status, body } = await owner.call('GET', '/app/v1/session');
  assert.deepEqual([status, body.user.name], [200, 'Owner']);
  assert.equal((await openBrowser(api.url).call('GET', '/app/v1/setup')).body.needs_setup, false);
  const { body: sessions } = await owner.call('GET', '/app/v1/sessions');
  assert.equal(sessions.data.length, 1);
});
