import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { describe, it } from 'node:test';
import { setInterval as ticks } from 'node:timers/promises';
import { setDefaultCACertificates } from 'node:tls';
import { defineRoute } from '../../src/api/route.ts';
import { exportAs } from '../../src/api/streamed.ts';
import { BATCH_BYTES_MAX } from '../../src/events/ingest/ingest.ts';
import { closedObject } from '../../src/lib/schema.ts';
import { renewSetupLink } from '../../src/members/set-up.ts';
import { DASHBOARD_ROUTES, ROUTES } from '../../src/routes.ts';
import { killAtExit } from '../support/adopt-child.ts';
import { PASSWORD, setUp, signIn, stepUp } from '../support/browser.ts';
import { findFreePort } from '../support/free-port.ts';
import { connect, initProject, makeConfig, makeTempDir, stopBeforeRemoval } from '../support/harness.ts';
import { startOpenServer } from '../support/open-server.ts';
import { isInstalled, makeCertificate, PROXIES, type ProxyName, startProxy } from '../support/proxies.ts';

const REVOKED_MS_MAX = 1_000;

async function* tick(): AsyncGenerator<string> {
  for await (const _ of ticks(10)) yield '{}\n';
}

async function* pour(): AsyncGenerator<string> {
  for (;;) yield `{"filling":"${'x'.repeat(64 * 1024)}"}\n`;
}

/** Exports that never end by themselves, a few bytes at a time, and as fast as the reader reads. */
const endless = [
  ['/v1/ticks', tick],
  ['/v1/flood', pour],
] as const;
const endlessRoutes = endless.map(([path, chunks]) =>
  defineRoute({
    method: 'GET',
    path,
    summary: 'Answers for ever',
    access: 'events:read',
    limit: 'management',
    answer: { status: 200, schema: closedObject({}) },
    handle: () => exportAs('application/x-ndjson', chunks(), null),
  }),
);

const certificate = makeCertificate(makeTempDir());
const ca = readFileSync(certificate.cert, 'utf8');
setDefaultCACertificates([ca]);
const port = await findFreePort();
const url = `https://localhost:${port}`;
// As the guide says.
const config = makeConfig({ APPFLOW_PUBLIC_URL: url, TRUSTED_PROXIES: '127.0.0.1' });
const { server_key: key, client_key: clientKey, app_id } = await initProject(config);
const server = await startOpenServer(config, undefined, undefined, [
  ...ROUTES,
  ...DASHBOARD_ROUTES,
  ...endlessRoutes,
]);
stopBeforeRemoval(config.dataDir, server.stop);
const api = connect(url);

async function makeKey(fields: Record<string, unknown> = {}): Promise<{ id: string; key: string }> {
  const body = { name: 'Reader', type: 'server', ...fields };
  const answer = await api.call('POST', '/v1/api-keys', { key, body });
  assert.equal(answer.status, 201, answer.text);
  return answer.body;
}

async function revoke(id: string): Promise<number> {
  const answer = await api.call('DELETE', `/v1/api-keys/${id}`, { key });
  assert.equal(answer.status, 200, answer.text);
  return performance.now();
}

/** Calls the API from another address of this machine, which no proxy has. */
async function callFrom(localAddress: string, path: string, headers: Record<string, string | string[]>) {
  const sent = request({
    host: '127.0.0.1',
    port,
    path,
    servername: 'localhost',
    localAddress,
    agent: false,
    headers: { host: `localhost:${port}`, ...headers },
  });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const text = Buffer.concat(await response.toArray()).toString();
  return { status: response.statusCode, body: JSON.parse(text) };
}

/** Reads an export with curl until it ends. `began` resolves with the first bytes. */
function curl(path: string, secret: string, version: '--http1.1' | '--http2') {
  const args = ['-s', '-N', version, '--cacert', certificate.cert, '-H', `Authorization: Bearer ${secret}`];
  const child = spawn('curl', [...args, url + path], { stdio: ['ignore', 'pipe', 'ignore'] });
  killAtExit(child);
  let tail = '';
  child.stdout.on('data', (text) => {
    tail = (tail + text).slice(-200_000);
  });
  const ended = once(child, 'close').then(() => ({ at: performance.now(), tail }));
  return { began: once(child.stdout, 'data'), ended };
}

/** Signs in through the proxy; the first time, that creates the account. */
async function signInOwner() {
  const link = await renewSetupLink(server.services);
  return link === undefined ? signIn(url, 'owner@example.com') : setUp(url, `${url}/setup#${link}`);
}

function testProxy(name: ProxyName): void {
  let stop = async () => {};
  it('starts', async () => {
    stop = await startProxy(name, { port, upstream: new URL(server.url).host, certificate });
  });
  it('people sign in over TLS, and change what needs the password', async () => {
    const browser = await signInOwner();
    assert.ok(browser.lastCookies().some((cookie) => /; Secure/i.test(cookie)));
    await stepUp(browser, PASSWORD);
    const page = await fetch(`${url}/app/v1/session`, { headers: { cookie: browser.cookie() } });
    assert.equal(page.status, 200, await page.text());
    assert.match(page.headers.get('strict-transport-security') ?? '', /max-age/);
  });

  it('a live stream delivers an event within a second, and ends within a second of a revocation', async () => {
    const reader = await makeKey();
    const response = await fetch(`${url}/v1/events/stream`, {
      headers: { authorization: `Bearer ${reader.key}` },
    });
    assert.equal(response.status, 200);
    const chunks = response.body?.pipeThrough(new TextDecoderStream()).getReader() ?? assert.fail();
    let text = '';
    const readUntil = async (wanted: RegExp) => {
      while (!wanted.test(text)) {
        const { done, value } = await chunks.read();
        assert.ok(!done, text);
        text += value;
      }
      return performance.now();
    };
    await readUntil(/event: ready\n/);
    const sentAt = performance.now();
    const event = { event_id: `live-${name}`, event_name: 'opened', app_user_id: 'u1' };
    await api.call('POST', '/v1/events', { key: clientKey, body: { app_id, events: [event] } });
    assert.ok((await readUntil(/"event_id":"live-/)) - sentAt < 1_000);
    const revokedAt = await revoke(reader.id);
    assert.ok((await readUntil(/event: closed\ndata: \{"code":"api_key_revoked"\}/)) - revokedAt < 1_000);
    assert.ok((await chunks.read()).done);
  });

  for (const version of ['--http1.1', '--http2'] as const)
    for (const [path] of endless)
      it(`an export (${path}, ${version}) stops within a second of a revocation, and says so`, async () => {
        const reader = await makeKey();
        const { began, ended } = curl(path, reader.key, version);
        await began;
        const revokedAt = await revoke(reader.id);
        const { at, tail } = await ended;
        assert.ok(at - revokedAt < REVOKED_MS_MAX, `${at - revokedAt} ms`);
        // A reader that takes megabytes may miss the last line, but never the end of one that keeps up.
        if (path === '/v1/ticks') {
          const lines = tail.split('\n');
          assert.equal(lines.pop(), '');
          assert.equal(JSON.parse(lines.pop() ?? '').error.code, 'api_key_revoked');
        }
      });

  it('clients cannot forge their address', async () => {
    const home = await makeKey({ ip_allowlist: ['127.0.0.2'] });
    const elsewhere = await makeKey({ ip_allowlist: ['203.0.113.9'] });
    const forged = {
      'x-forwarded-for': ['203.0.113.9', '203.0.113.9, 127.0.0.1'],
      forwarded: 'for=203.0.113.9',
      'x-real-ip': '203.0.113.9',
    };
    const call = (secret: string, headers = {}) =>
      callFrom('127.0.0.2', '/v1/project', { authorization: `Bearer ${secret}`, ...headers });
    assert.equal((await call(home.key)).status, 200);
    assert.equal((await call(home.key, forged)).status, 200);
    const refused = await call(elsewhere.key, forged);
    assert.deepEqual([refused.status, refused.body.code], [403, 'ip_not_allowed']);
    assert.equal(refused.body.detail, 'This key cannot be used from 127.0.0.2.');
  });

  it('a batch of 5 MB is stored, and the answer to a larger one is our own', async () => {
    const makeBatch = (bytes: number) => {
      const events = Array.from({ length: 500 }, (_, index) => ({
        event_id: `${name}-${bytes}-${index}`,
        event_name: 'opened',
        app_user_id: 'u1',
        properties: { filling: '' },
      }));
      const empty = JSON.stringify({ app_id, events }).length;
      const share = Math.floor((bytes - empty) / events.length);
      for (const event of events) event.properties.filling = 'x'.repeat(share);
      return { app_id, events };
    };
    const stored = await api.call('POST', '/v1/events', { key, body: makeBatch(BATCH_BYTES_MAX) });
    assert.equal(stored.status, 200, stored.text.slice(0, 500));
    assert.equal(stored.body.accepted, 500);
    const refused = await api.call('POST', '/v1/events', { key, body: makeBatch(BATCH_BYTES_MAX + 100_000) });
    assert.deepEqual([refused.status, refused.body.code], [413, 'payload_too_large']);
  });

  // All use the same port, that of APPFLOW_PUBLIC_URL.
  it('stops', () => stop());
}

for (const name of PROXIES)
  describe(`behind ${name}, configured as in the guide`, { skip: !isInstalled(name) }, () => testProxy(name));
