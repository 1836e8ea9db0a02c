import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSecret } from '../../src/directory/secret.ts';
import { HOUR_MS } from '../../src/lib/durations.ts';
import { setUp } from '../support/browser.ts';
import { HOOK } from '../support/github-report.ts';
import { makeClock, makeKey, startTestServer } from '../support/harness.ts';

const clock = makeClock();
// The limiter's clock does not move, so limits never refill.
const api = await startTestServer(
  {
    APPFLOW_LIMIT_FAILED_AUTH: '0.01/2',
    APPFLOW_LIMIT_EVENTS_IP_REQUESTS: '0.01/2',
    APPFLOW_LIMIT_LEAK_HOOK: '0.01/2',
  },
  { clock, nowUs: () => 1 },
);
const { server_key } = api.project;
const FORWARDED = { 'x-forwarded-for': '203.0.113.9' };
/** What all callers of such a proxy may send together: 50 times as much as one address. */
const SHARED = 100;

const tryUnknownKey = async (headers: Record<string, string> = {}) =>
  (await api.call('GET', '/v1/project', { key: createSecret('server'), headers })).status;

const readyz = async () => (await api.call('GET', '/readyz')).body;

async function countUntrusted(): Promise<number> {
  const { text } = await api.call('GET', '/metrics');
  return Number(/^appflow_untrusted_proxy_requests_total (\d+)$/m.exec(text)?.[1]);
}

describe('behind a proxy missing from TRUSTED_PROXIES', () => {
  it('reports nothing before the first request through an untrusted proxy', async () => {
    assert.deepEqual(await readyz(), { status: 'ok', warnings: [] });
    assert.equal(await countUntrusted(), 0);
  });

  it('counts unknown keys for all callers of an untrusted proxy together, 50 times as many as per address', async () => {
    for (let round = 0; round < SHARED; round += 1) {
      const headers = { 'x-forwarded-for': `203.0.113.${round}` };
      assert.equal(await tryUnknownKey(headers), 401);
    }
    for (const headers of [FORWARDED, { via: 'x' }, { forwarded: 'for=198.51.100.1' }])
      assert.equal(await tryUnknownKey(headers), 429);
  });

  it('still limits the same address when it connects directly', async () => {
    assert.deepEqual([await tryUnknownKey(), await tryUnknownKey(), await tryUnknownKey()], [401, 401, 429]);
  });

  it('limits a client key for all callers of an untrusted proxy together, apart from direct connections', async () => {
    const { key } = await makeKey(api, { type: 'client' });
    const send = async (headers = {}) =>
      (await api.call('POST', '/v1/events', { key, body: { events: [] }, headers })).status;
    for (let round = 0; round < SHARED; round += 1) assert.equal(await send(FORWARDED), 200);
    assert.deepEqual([await send(), await send(), await send()], [200, 200, 429]);
    assert.deepEqual([await send(FORWARDED), await send({ via: 'x' })], [429, 429]);
  });

  it('limits leak reports for all callers of an untrusted proxy together', async () => {
    const send = async (headers: Record<string, string>) =>
      (await api.call('POST', HOOK, { body: '[]', headers })).status;
    for (let round = 0; round < SHARED; round += 1) assert.equal(await send(FORWARDED), 401);
    assert.deepEqual([await send({ via: '1.1 x' }), await send({})], [429, 401]);
  });

  it('checks IP allowlists against the address of the proxy, whatever it forwards', async () => {
    const elsewhere = await makeKey(api, { type: 'server', ip_allowlist: ['203.0.113.9'] });
    const here = await makeKey(api, { type: 'server', ip_allowlist: ['127.0.0.1'] });
    const ask = (key: string) => api.call('GET', '/v1/project', { key, headers: FORWARDED });
    const refused = await ask(elsewhere.key);
    assert.deepEqual([refused.status, refused.body.code], [403, 'ip_not_allowed']);
    assert.equal((await ask(here.key)).status, 200);
  });

  it('counts each request through an untrusted proxy once, with or without a key, and no other request', async () => {
    const before = await countUntrusted();
    await api.call('GET', '/v1/project', { key: server_key, headers: FORWARDED });
    await api.call('GET', '/v1/project', { headers: { via: '1.1 proxy' } });
    await api.call('GET', '/healthz', { headers: { 'x-real-ip': '203.0.113.9' } });
    await api.call('GET', '/v1/project', { key: server_key });
    assert.equal(await countUntrusted(), before + 3);
  });

  // A signed-in request once counted twice: its address was resolved for the caller and for the answer.
  it('counts a request of a signed-in person once, with a project or without', async () => {
    const owner = await setUp(api.url, api.server.setupUrl);
    const before = await countUntrusted();
    assert.equal((await owner.call('GET', '/app/v1/session', { headers: FORWARDED })).status, 200);
    assert.equal((await owner.call('GET', '/app/v1/sessions', { headers: FORWARDED })).status, 200);
    assert.equal((await owner.call('GET', '/app/v1/projects', { headers: FORWARDED })).status, 200);
    assert.equal(await countUntrusted(), before + 3);
  });

  it('warns about the proxy in /readyz without naming an address, until an hour after its last request', async () => {
    await api.call('GET', '/healthz', { headers: FORWARDED });
    clock.advance(HOUR_MS - 1);
    const { status, warnings } = await readyz();
    assert.equal(status, 'ok');
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /TRUSTED_PROXIES is not set/);
    assert.doesNotMatch(warnings[0], /\d+\.\d+\.\d+/);
    clock.advance(1);
    assert.deepEqual(await readyz(), { status: 'ok', warnings: [] });
  });
});
