import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join as joinPath } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { createLimiter } from '../../src/limits/limiter.ts';
import { join, openBrowser, PASSWORD, setUp, signIn, tokenOf } from '../support/browser.ts';
import { type Answer, startTestServer } from '../support/harness.ts';
import { enableTotp } from '../support/second-factor.ts';

const PUBLIC_URL = 'https://appflow.example.com';

const api = await startTestServer({
  TRUSTED_PROXIES: '127.0.0.0/8',
  APPFLOW_LIMIT_ANALYTICS: '',
  APPFLOW_LIMIT_MANAGEMENT: '',
});
const owner = await setUp(api.url, api.server.setupUrl);
const { project_id } = api.project;
const credentials = { email: 'owner@example.com', password: PASSWORD };
const assertProblem = (answer: Answer, status: number, code: string) =>
  assert.deepEqual([answer.status, answer.body.code], [status, code], answer.text);

/** Headers of a browser behind a TLS proxy. */
const overTls = { 'x-forwarded-proto': 'https', 'sec-fetch-site': 'same-origin' };

describe('session cookies', () => {
  it('sets a __Host- cookie behind a trusted TLS proxy', async () => {
    const browser = openBrowser(api.url, overTls);
    const answer = await browser.call('POST', '/app/v1/sign-in', { body: credentials });
    assert.equal(answer.status, 200, answer.text);
    const [line = ''] = browser.lastCookies();
    assert.match(
      line,
      /^__Host-appflow_session=[A-Za-z0-9]{32}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure$/,
    );
    assert.equal((await browser.call('GET', '/app/v1/session')).status, 200);
  });

  it('rejects over TLS a cookie that could have been set without TLS', async () => {
    const plain = await signIn(api.url, credentials.email);
    assert.match(
      plain.lastCookies()[0] ?? '',
      /^appflow_session=[^;]+; Path=\/; Max-Age=604800; HttpOnly; SameSite=Lax$/,
    );
    const answer = await openBrowser(api.url, { ...overTls, cookie: plain.cookie() }).call(
      'GET',
      '/app/v1/session',
    );
    assertProblem(answer, 401, 'not_signed_in');
  });

  it('never redirects or puts a token or password in a response header', async () => {
    const answer = await openBrowser(api.url).call('POST', '/app/v1/sign-in', {
      body: { ...credentials, callbackURL: 'https://evil.example', redirect: 'https://evil.example' },
    });
    assertProblem(answer, 422, 'validation_failed');
    assert.equal(answer.headers.get('location'), null);
  });
});

describe('rate limits of members', () => {
  const getLive = () => owner.call('GET', `/app/v1/projects/${project_id}/analytics/live`);

  it('allows a member a burst of 120 analytics requests, in a separate bucket from keys', async () => {
    const answer = await getLive();
    assert.equal(answer.status, 200, answer.text);
    assert.match(answer.headers.get('ratelimit-policy') ?? '', /"analytics";q=120;w=12/);
    const byKey = await api.call('GET', '/v1/analytics/live', { key: api.project.read_only_key });
    assert.match(byKey.headers.get('ratelimit-policy') ?? '', /"analytics";q=60;w=6/);
    assert.match(byKey.headers.get('ratelimit') ?? '', /r=59/);
  });
});

it('allows a member ten concurrent analytics requests, and a key five', async () => {
  const limiter = createLimiter();
  const countConcurrent = async (keyType: 'member' | 'server') => {
    const payer = { keyId: keyType, callerType: keyType, category: 'analytics' } as const;
    const signal = () => AbortSignal.abort();
    for (let running = 0; ; running += 1) {
      // The client has already disconnected, so a request without a free slot fails immediately.
      const slot = await Promise.resolve(limiter.enter(payer, { signal })).catch(() => undefined);
      if (!slot) return running;
    }
  };
  assert.deepEqual([await countConcurrent('member'), await countConcurrent('server')], [10, 5]);
});

describe('appflow members', () => {
  const run = async (...args: string[]) => {
    const main = joinPath(import.meta.dirname, '../../src/cli/main.ts');
    const env = { ...process.env, APPFLOW_DATA_DIR: api.config.dataDir, APPFLOW_PUBLIC_URL: PUBLIC_URL };
    return promisify(execFile)(process.execPath, [main, 'members', ...args], { env });
  };

  it('lists members as a table and as JSON', async () => {
    assert.match((await run('list')).stdout, /Test +owner +Owner +owner@example\.com/);
    const [line = ''] = (await run('list', '--json')).stdout.split('\n');
    assert.equal(JSON.parse(line).role, 'owner');
  });

  it('lists accounts without a project too', async () => {
    const { call } = await join(owner, project_id, 'analyst', 'Leaver');
    const { body } = await call('GET', '/app/v1/session');
    await call('POST', '/app/v1/step-up', { body: { password: PASSWORD } });
    await call('DELETE', `/app/v1/projects/${project_id}/members/${body.user.id}`);
    assert.match((await run('list')).stdout, /^- +- +Leaver +leaver@example\.com$/m);
    const [line = ''] = (await run('list', '--json')).stdout.split('\n');
    const { id, role, project_id: none } = JSON.parse(line);
    assert.deepEqual([id, role, none], [body.user.id, null, null]);
  });

  it('creates a reset link that works on the running server', async () => {
    const { stdout } = await run('reset-link', 'Owner@example.com');
    assert.ok(stdout.startsWith(`${PUBLIC_URL}/reset#`));
    const body = { token: tokenOf(stdout.trim()), password: 'a new long password' };
    assert.equal((await openBrowser(api.url).call('POST', '/app/v1/reset', { body })).status, 204);
    assertProblem(await owner.call('GET', '/app/v1/session'), 401, 'not_signed_in');
  });

  it('creates a reset link that turns the second factor off with --without-second-factor', async () => {
    const email = 'owner@example.com';
    const password = 'a new long password';
    const startSignIn = async () => {
      const browser = openBrowser(api.url);
      return {
        browser,
        answer: await browser.call('POST', '/app/v1/sign-in', { body: { email, password } }),
      };
    };
    const { browser } = await startSignIn();
    await enableTotp(browser, Date.now(), password);
    assert.deepEqual((await startSignIn()).answer.body, { totp_required: true });
    const { stdout } = await run('reset-link', email, '--without-second-factor');
    const body = { token: tokenOf(stdout.trim()), password };
    assert.equal((await openBrowser(api.url).call('POST', '/app/v1/reset', { body })).status, 204);
    assert.equal((await startSignIn()).answer.body.user?.has_totp, false);
  });

  it('exits with an error if the account does not exist', async () => {
    await assert.rejects(run('reset-link', 'nobody@example.com'), { code: 1, stderr: /no account/ });
  });
});
