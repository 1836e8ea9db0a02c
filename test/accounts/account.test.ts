import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Browser, openBrowser, PASSWORD, setUp, signIn, stepUp } from '../support/browser.ts';
import { type Answer, makeClock, makeKey, startTestServer } from '../support/harness.ts';

const clock = makeClock();
const api = await startTestServer({}, { clock });
const { project_id, app_id } = api.project;
const owner = await setUp(api.url, api.server.setupUrl);
const EMAIL = 'owner@example.com';
const inProject = (path: string) => `/app/v1/projects/${project_id}${path}`;
const assertProblem = (answer: Answer, status: number, code: string) =>
  assert.deepEqual([answer.status, answer.body.code], [status, code], answer.text);

const serverKey = await makeKey(api, { type: 'server', name: 'Backend' });
const revoked = await makeKey(api, { type: 'server', name: 'Revoked' });
await api.call('DELETE', `/v1/api-keys/${revoked.id}`, { key: api.project.server_key });
const readOnlyKey = await makeKey(api, { type: 'read_only', name: 'Report' });
const clientKey = await makeKey(api, { type: 'client', name: 'Phones' });

describe('step-up authentication', () => {
  const guarded: [what: string, method: string, path: string, body?: unknown][] = [
    ['creating a server key', 'POST', inProject('/api-keys'), { name: 'Backend', type: 'server' }],
    ['rotating a server key', 'POST', inProject(`/api-keys/${serverKey.id}/rotate`), {}],
    ['restoring a server key', 'POST', inProject(`/api-keys/${revoked.id}/restore`)],
    ['creating a read-only key', 'POST', inProject('/api-keys'), { name: 'Report', type: 'read_only' }],
    ['rotating a read-only key', 'POST', inProject(`/api-keys/${readOnlyKey.id}/rotate`), {}],
    [
      'inviting a developer',
      'POST',
      inProject('/invitations'),
      { email: 'y@example.com', role: 'developer' },
    ],
    ['inviting an admin', 'POST', inProject('/invitations'), { email: 'x@example.com', role: 'admin' }],
    ['inviting an owner', 'POST', inProject('/invitations'), { email: 'x@example.com', role: 'owner' }],
    ['promoting a member to admin', 'PATCH', inProject('/members/usr_x'), { role: 'admin' }],
    ['promoting a member to owner', 'PATCH', inProject('/members/usr_x'), { role: 'owner' }],
    ['deleting an app', 'DELETE', inProject(`/apps/${app_id}`)],
    ['exporting the audit log', 'GET', inProject('/audit-log/export')],
    ['exporting the audit log by ?format=', 'GET', inProject('/audit-log?format=csv')],
    ['changing the e-mail address', 'PATCH', '/app/v1/account', { email: 'new@example.com' }],
    ['changing the password', 'POST', '/app/v1/account/password', { new_password: 'another long password' }],
    ['setting up a second factor', 'POST', '/app/v1/account/totp', {}],
    ['removing the second factor', 'DELETE', '/app/v1/account/totp'],
  ];
  for (const [what, method, path, body] of guarded) {
    it(`requires the password again before ${what}`, async () => {
      const browser = await signIn(api.url, EMAIL);
      assertProblem(await browser.call(method, path, { body }), 403, 'step_up_required');
    });
  }

  const free: [what: string, method: string, path: string, body?: unknown][] = [
    ['creating a client key', 'POST', inProject('/api-keys'), { name: 'Phones', type: 'client' }],
    ['rotating a client key', 'POST', inProject(`/api-keys/${clientKey.id}/rotate`), {}],
    ['reading the audit log', 'GET', inProject('/audit-log')],
    ['changing the name', 'PATCH', '/app/v1/account', { name: 'Owner L.' }],
  ];
  for (const [what, method, path, body] of free) {
    it(`does not require the password again before ${what}`, async () => {
      const browser = await signIn(api.url, EMAIL);
      const answer = await browser.call(method, path, { body });
      assert.ok(answer.status < 300, answer.text);
    });
  }

  it('lasts for ten minutes after the password, in the same session only', async () => {
    const [browser, elsewhere] = [await signIn(api.url, EMAIL), await signIn(api.url, EMAIL)];
    const make = (who: Browser) =>
      who.call('POST', inProject('/api-keys'), { body: { name: 'Backend', type: 'server' } });
    assertProblem(
      await browser.call('POST', '/app/v1/step-up', { body: { password: 'wrong' } }),
      401,
      'invalid_credentials',
    );
    assertProblem(await make(browser), 403, 'step_up_required');
    const start = clock.now();
    await stepUp(browser);
    const { body } = await browser.call('GET', '/app/v1/session');
    assert.equal(body.stepped_up_until, new Date(start + 600_000).toISOString());
    assert.equal((await make(browser)).status, 201);
    assertProblem(await make(elsewhere), 403, 'step_up_required');
    clock.set(start + 599_999);
    assert.equal((await make(browser)).status, 201);
    clock.set(start + 600_000);
    assertProblem(await make(browser), 403, 'step_up_required');
    assert.equal((await browser.call('GET', '/app/v1/session')).body.stepped_up_until, null);
  });

  it('does not reveal whether a key exists in another project', async () => {
    const made = await owner.call('POST', '/app/v1/projects', { body: { name: 'Other' } });
    const path = `/app/v1/projects/${made.body.id}/api-keys/${serverKey.id}/rotate`;
    assertProblem(await owner.call('POST', path, { body: {} }), 404, 'not_found');
  });

  it('never applies to requests with an API key', async () => {
    const answer = await api.call('POST', `/v1/api-keys/${serverKey.id}/rotate`, {
      key: api.project.server_key,
      body: {},
    });
    assert.equal(answer.status, 200, answer.text);
  });
});

describe('sessions', () => {
  it("lists a user's sessions and ends them individually", async () => {
    const here = await signIn(api.url, EMAIL);
    const there = openBrowser(api.url, { 'user-agent': 'Phone/1.0' });
    await there.call('POST', '/app/v1/sign-in', { body: { email: EMAIL, password: PASSWORD } });
    const { body } = await here.call('GET', '/app/v1/sessions');
    const [newest, current] = body.data;
    assert.deepEqual(
      [newest.user_agent, newest.ip, newest.is_current, current.is_current],
      ['Phone/1.0', '127.0.0.1', false, true],
    );
    assert.equal((await here.call('DELETE', `/app/v1/sessions/${newest.id}`)).status, 204);
    assertProblem(await there.call('GET', '/app/v1/session'), 401, 'not_signed_in');
    assertProblem(await here.call('DELETE', `/app/v1/sessions/${newest.id}`), 404, 'not_found');
  });
});

describe('account changes', () => {
  it('changes the e-mail address used to sign in', async () => {
    const browser = await signIn(api.url, EMAIL);
    await stepUp(browser);
    const changed = await browser.call('PATCH', '/app/v1/account', {
      body: { email: 'Countess@example.com' },
    });
    assert.equal(changed.body.user.email, 'countess@example.com');
    const old = await openBrowser(api.url).call('POST', '/app/v1/sign-in', {
      body: { email: EMAIL, password: PASSWORD },
    });
    assertProblem(old, 401, 'invalid_credentials');
    await signIn(api.url, 'countess@example.com');
    await browser.call('PATCH', '/app/v1/account', { body: { email: EMAIL } });
  });

  it('ends all other sessions when the password changes', async () => {
    const [here, there] = [await signIn(api.url, EMAIL), await signIn(api.url, EMAIL)];
    await stepUp(here);
    const body = { new_password: 'another long password' };
    assert.equal((await here.call('POST', '/app/v1/account/password', { body })).status, 204);
    assert.equal((await here.call('GET', '/app/v1/session')).status, 200);
    assertProblem(await there.call('GET', '/app/v1/session'), 401, 'not_signed_in');
    const old = { email: EMAIL, password: PASSWORD };
    assertProblem(
      await openBrowser(api.url).call('POST', '/app/v1/sign-in', { body: old }),
      401,
      'invalid_credentials',
    );
  });
});
