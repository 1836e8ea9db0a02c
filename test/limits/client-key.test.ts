import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseList } from 'structured-headers';
import { type Answer, type CallOptions, makeKey, startTestServer } from '../support/harness.ts';

// Limits per address where the address is known, and usage restrictions of keys. The clock does not move.
const names = ['MANAGEMENT', 'ANALYTICS', 'EVENTS', 'EVENTS_REQUESTS', 'EVENTS_IP', 'EVENTS_IP_REQUESTS'];
const limits = Object.fromEntries(names.map((name) => [`APPFLOW_LIMIT_${name}`, '']));
const api = await startTestServer(
  { ...limits, TRUSTED_PROXIES: '127.0.0.1' },
  { nowUs: () => 1_000_000_000 },
);
const { app_id } = api.project;
const FLOODER = '192.0.2.1';

const request = (path: string, key: string, from: string, headers: CallOptions['headers'] = {}) =>
  api.call('GET', path, { key, headers: { 'x-forwarded-for': from, ...headers } });

const remaining = (answer: Answer) =>
  Object.fromEntries(
    parseList(answer.headers.get('ratelimit') ?? '').map(([name, parameters]) => [name, parameters.get('r')]),
  );

describe('a client key used by one caller', () => {
  const floods = [
    { policy: 'management', path: '/v1/project' },
    { policy: 'analytics', path: `/v1/analytics/live?app_id=${app_id}` },
  ];
  for (const { policy, path } of floods) {
    it(`that is refused repeatedly uses up its own ${policy} limit, and 50 others keep all of theirs`, async () => {
      const { key } = await makeKey(api, { type: 'client' });
      for (let round = 1; round <= 70; round += 1) {
        const answer = await request(path, key, FLOODER);
        assert.equal(answer.status, 403);
        assert.deepEqual(remaining(answer), { [policy]: Math.max(0, 60 - round) });
      }
      for (let other = 1; other <= 50; other += 1) {
        assert.deepEqual(remaining(await request(path, key, `198.51.100.${other}`)), { [policy]: 59 });
      }
    });
  }

  it('is limited where it has access, and no other caller is', async () => {
    const { key } = await makeKey(api, { type: 'client' });
    for (let round = 0; round < 60; round += 1) await request('/v1/project', key, FLOODER);
    const denied = await request('/v1/api-keys/self', key, FLOODER);
    assert.deepEqual([denied.status, denied.body.policy], [429, 'management']);
    for (let other = 1; other <= 50; other += 1) {
      assert.equal((await request('/v1/api-keys/self', key, `198.51.100.${other}`)).status, 200);
    }
  });
});

describe('a device that floods a client key with batches after its events are used up', async () => {
  const { key } = await makeKey(api, { type: 'client' });
  const event = { event_name: 'opened', app_user_id: 'user_1' };
  const send = (from: string, count: number) =>
    api.call('POST', '/v1/events', {
      key,
      body: { app_id, events: Array.from({ length: count }, () => event) },
      headers: { 'x-forwarded-for': from },
    });
  for (let batch = 0; batch < 10; batch += 1) assert.equal((await send(FLOODER, 1000)).status, 200);

  it('is stopped before bodies are read after as many batches as its address has requests', async () => {
    const policies = new Map<string, number>();
    for (let round = 0; round < 600; round += 1) {
      const { status, body } = await send(FLOODER, 1);
      assert.equal(status, 429);
      policies.set(body.policy, (policies.get(body.policy) ?? 0) + 1);
    }
    // A burst of 500 requests, 10 of them spent on stored batches; the last one leaves no room for another.
    assert.deepEqual(Object.fromEntries(policies), { 'events-ip': 489, 'events-ip-requests': 111 });
  });

  it("leaves other devices all of their limit, and most of the key's", async () => {
    const answer = await send('198.51.100.1', 1);
    assert.equal(answer.status, 200);
    const { 'events-ip-requests': own, 'events-requests': ofKey } = remaining(answer);
    assert.deepEqual([own, ofKey], [499, 10_000 - 500 - 1]);
  });
});

describe('a client key that is restricted to SDKs', () => {
  it('pays one request, and none of the events, for a batch of another SDK', async () => {
    const event = { event_name: 'opened', app_user_id: 'user_1' };
    const send = (key: string, count: number) =>
      api.call('POST', '/v1/events', {
        key,
        body: { app_id, events: Array.from({ length: count }, () => event) },
        headers: { 'x-forwarded-for': FLOODER },
      });
    const other = await makeKey(api, { type: 'client' });
    const unrefused = remaining(await send(other.key, 1));
    const { id, key } = await makeKey(api, { type: 'client', allowed_sdks: ['posthog'] });
    const refused = await send(key, 100);
    assert.deepEqual([refused.status, refused.body.code], [403, 'sdk_not_allowed']);
    await api.call('PATCH', `/v1/api-keys/${id}`, {
      key: api.project.server_key,
      body: { allowed_sdks: null },
    });
    const paid = Object.entries(unrefused).map(([policy, left]) => [
      policy,
      policy.endsWith('requests') ? Number(left) - 1 : left,
    ]);
    assert.ok(paid.length > 1, 'requests and events');
    assert.deepEqual(remaining(await send(key, 1)), Object.fromEntries(paid));
  });
});

describe('a key used against its usage restrictions', () => {
  const HOME = '203.0.113.1';
  const PAGE = { origin: 'https://elsewhere.example' };
  const refusals = [
    { code: 'ip_not_allowed', fields: { type: 'server', ip_allowlist: [HOME] }, from: FLOODER, headers: {} },
    { code: 'secret_key_in_browser', fields: { type: 'server' }, from: HOME, headers: PAGE },
    { code: 'origin_not_allowed', fields: { type: 'read_only' }, from: HOME, headers: PAGE },
  ];
  for (const { code, fields, from, headers } of refusals) {
    it(`costs its owner nothing: ${code}`, async () => {
      const { key } = await makeKey(api, fields);
      for (let round = 0; round < 100; round += 1) {
        const refused = await request('/v1/api-keys/self', key, from, headers);
        assert.deepEqual([refused.status, refused.body.code], [403, code]);
        assert.equal(refused.headers.get('ratelimit'), null);
      }
      assert.deepEqual(remaining(await request('/v1/api-keys/self', key, HOME)), { management: 59 });
    });
  }
});
