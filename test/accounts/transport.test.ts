import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createResetLink } from '../../src/accounts/reset-password.ts';
import { CLI_REQUESTER } from '../../src/api/caller.ts';
import { renewSetupLink } from '../../src/members/set-up.ts';
import { DASHBOARD_ROUTES, ROUTES } from '../../src/routes.ts';
import { openBrowser, PASSWORD, setUp, stepUp, tokenOf } from '../support/browser.ts';
import { connect, initProject, makeConfig, stopBeforeRemoval } from '../support/harness.ts';
import { startOpenServer } from '../support/open-server.ts';
import { parseAnswer, sendRaw } from '../support/raw-http.ts';

const EMAIL = 'owner@example.com';
const NEW_EMAIL = 'guest@example.com';
const STRICT = 'max-age=31536000';

const config = makeConfig({ TRUSTED_PROXIES: '127.0.0.0/8' });
const { project_id } = await initProject(config);
const routes = [...ROUTES, ...DASHBOARD_ROUTES];
const { url, services, stop } = await startOpenServer(config, undefined, undefined, routes);
stopBeforeRemoval(config.dataDir, stop);

/** Posts as a browser on another machine would over plain HTTP. Uses a raw socket, because fetch cannot set Host. */
async function postFromElsewhere(path: string, sent: object) {
  const body = JSON.stringify(sent);
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: appflow.example.com',
    'Sec-Fetch-Site: same-origin',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ];
  return parseAnswer(await sendRaw(url, `${head.join('\r\n')}\r\n\r\n${body}`));
}

async function assertAsksForTls(path: string, sent: object): Promise<void> {
  const { status, body, headers } = await postFromElsewhere(path, sent);
  assert.deepEqual([status, body.code], [403, 'tls_required']);
  assert.equal(headers.get('set-cookie'), null);
}

describe('plain HTTP from another machine', () => {
  it('rejects account setup over plain HTTP without spending the setup link', async () => {
    const setupUrl = `${url}/setup#${await renewSetupLink(services)}`;
    const body = { token: tokenOf(setupUrl), name: 'Owner', email: EMAIL, password: PASSWORD };
    await assertAsksForTls('/app/v1/setup', body);
    await setUp(url, setupUrl);
  });

  it('rejects passwords and codes over plain HTTP, right or wrong', async () => {
    for (const password of [PASSWORD, 'wrong'])
      await assertAsksForTls('/app/v1/sign-in', { email: EMAIL, password });
    await assertAsksForTls('/app/v1/sign-in/totp', { code: '123456' });
  });

  it('rejects accepting an invitation over plain HTTP without spending it', async () => {
    const owner = openBrowser(url);
    await owner.call('POST', '/app/v1/sign-in', { body: { email: EMAIL, password: PASSWORD } });
    await stepUp(owner);
    const path = `/app/v1/projects/${project_id}/invitations`;
    const made = await owner.call('POST', path, { body: { email: NEW_EMAIL, role: 'analyst' } });
    const body = { token: tokenOf(made.body.link), name: 'Guest', password: PASSWORD };
    await assertAsksForTls('/app/v1/invitations/accept', body);
    const accepted = await openBrowser(url).call('POST', '/app/v1/invitations/accept', { body });
    assert.equal(accepted.status, 200, accepted.text);
  });

  it('rejects a password reset over plain HTTP without spending the reset link', async () => {
    const token = await createResetLink(services, NEW_EMAIL, 'reset', CLI_REQUESTER);
    const body = { token, password: 'another long password' };
    await assertAsksForTls('/app/v1/reset', body);
    assert.equal((await openBrowser(url).call('POST', '/app/v1/reset', { body })).status, 204);
  });
});

describe('Strict-Transport-Security', () => {
  const PATHS = ['/', '/sign-in', '/app/v1/setup', '/app/v1/session', '/nothing'];

  it('sends Strict-Transport-Security on every page and response over TLS, including errors', async () => {
    for (const path of PATHS) {
      const { headers } = await connect(url).call('GET', path, { headers: { 'x-forwarded-proto': 'https' } });
      assert.equal(headers.get('strict-transport-security'), STRICT, path);
    }
  });

  it('sends no Strict-Transport-Security over plain HTTP', async () => {
    for (const path of PATHS) {
      const { headers } = await connect(url).call('GET', path);
      assert.equal(headers.get('strict-transport-security'), null, path);
    }
  });
});
