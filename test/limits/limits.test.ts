import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseList } from 'structured-headers';
import { createSecret } from '../../src/directory/secret.ts';
import { type Answer, makeClock, makeKey, startTestServer } from '../support/harness.ts';

// The limiter's clock moves only when a test moves it, so every figure is exact.
let nowUs = 1_000_000_000;
const advance = (ms: number) => {
  nowUs += ms * 1_000;
};
const clock = makeClock();
const DEFAULTS = {
  APPFLOW_LIMIT_EVENTS_REQUESTS: '',
  APPFLOW_LIMIT_EVENTS: '',
  APPFLOW_LIMIT_EVENTS_IP_REQUESTS: '',
  APPFLOW_LIMIT_EVENTS_IP: '',
  APPFLOW_LIMIT_MANAGEMENT: '',
  APPFLOW_LIMIT_FAILED_AUTH: '',
};
// Slow on purpose: its waits are longer than the minimum Retry-After of one second.
const SLOW = { APPFLOW_LIMIT_ANALYTICS: '0.4/2', TRUSTED_PROXIES: '127.0.0.1' };
const api = await startTestServer({ ...DEFAULTS, ...SLOW }, { clock, nowUs: () => nowUs });
const { server_key, client_key } = api.project;

const newKey = async (fields: Record<string, unknown> = {}) => {
  advance(60_000);
  return (await makeKey(api, { type: 'server', ...fields })).key;
};
const event = (index: number) => ({ event_id: `e${index}`, event_name: 'opened', app_user_id: 'u1' });
const send = (key: string, body: unknown) => api.call('POST', '/v1/events', { key, body });
const manage = (key: string) => api.call('GET', '/v1/project', { key });
const search = (key: string) => api.call('GET', '/v1/events', { key });

/** Parses a header as RFC 9651 requires: a list of strings with parameters. */
function fields(
  answer: Answer,
  name: 'RateLimit' | 'RateLimit-Policy',
): Record<string, Record<string, unknown>> {
  const text = answer.headers.get(name);
  assert.ok(text, `${name} is missing: ${answer.text}`);
  return Object.fromEntries(
    parseList(text).map(([item, parameters]) => [item, Object.fromEntries(parameters)]),
  );
}

const remaining = (answer: Answer) =>
  Object.fromEntries(Object.entries(fields(answer, 'RateLimit')).map(([name, { r }]) => [name, r]));

describe('the headers of a limited response', () => {
  it('have the documented defaults, on success too', async () => {
    const key = await newKey();
    assert.deepEqual(fields(await manage(key), 'RateLimit-Policy'), { management: { q: 60, w: 6 } });
    assert.deepEqual(fields(await send(key, { events: [] }), 'RateLimit-Policy'), {
      events: { q: 50_000, w: 5 },
      'events-requests': { q: 500, w: 5 },
    });
    assert.deepEqual(fields(await send(client_key, { events: [] }), 'RateLimit-Policy'), {
      events: { q: 200_000, w: 4 },
      'events-requests': { q: 10_000, w: 5 },
      'events-ip': { q: 10_000, w: 10 },
      'events-ip-requests': { q: 500, w: 10 },
    });
  });

  it('count down, and report the seconds in which what is left refills', async () => {
    const key = await newKey();
    assert.deepEqual(fields(await manage(key), 'RateLimit'), { management: { r: 59, t: 6 } });
    for (let round = 0; round < 19; round += 1) await manage(key);
    assert.deepEqual(remaining(await manage(key)), { management: 39 });
    advance(1_000);
    assert.deepEqual(remaining(await manage(key)), { management: 48 });
  });

  it('are absent where nothing is limited', async () => {
    for (const answer of [await api.call('GET', '/healthz'), await api.call('GET', '/v1/project')]) {
      assert.equal(answer.headers.get('ratelimit'), null);
    }
  });

  it('are separate for each key', async () => {
    const [one, other] = [await newKey(), await newKey()];
    await manage(one);
    assert.deepEqual(remaining(await manage(one)), { management: 58 });
    assert.deepEqual(remaining(await manage(other)), { management: 59 });
  });
});

describe('what is charged', () => {
  it('is the received events, accepted or not, and one request', async () => {
    const key = await newKey();
    const events = [event(1), event(1), event(2), {}, null, { event_name: 'X' }, 5];
    const answer = await send(key, { events });
    assert.deepEqual([answer.body.accepted, answer.body.duplicates, answer.body.rejected.length], [2, 1, 4]);
    assert.deepEqual(remaining(answer), { events: 49_993, 'events-requests': 499 });
  });

  it('is one request and no events when the batch is refused', async () => {
    const refusals: [status: number, send: (key: string) => Promise<Answer>][] = [
      [422, (key) => send(key, { events: 5 })],
      [400, (key) => send(key, '{')],
      [
        415,
        (key) =>
          api.call('POST', '/v1/events', { key, body: '{}', headers: { 'content-type': 'text/plain' } }),
      ],
      [413, (key) => send(key, ' '.repeat(5 * 1024 * 1024 + 1))],
      [404, (key) => send(key, { app_id: 'app_x', events: [event(1)] })],
      [422, (key) => api.call('POST', '/v1/events?x=1', { key, body: { events: [event(1)] } })],
      // Above the burst: no wait would ever allow it.
      [413, (key) => send(key, { events: Array.from({ length: 50_001 }, () => 0) })],
    ];
    for (const [status, refused] of refusals) {
      const key = await newKey();
      const answer = await refused(key);
      assert.equal(answer.status, status, answer.text);
      assert.deepEqual(remaining(answer), { events: 50_000, 'events-requests': 499 });
      assert.deepEqual(remaining(await send(key, { events: [] })), {
        events: 50_000,
        'events-requests': 498,
      });
    }
  });

  it('is one request when the scope, app or id is refused', async () => {
    const narrow = await newKey({ app_ids: [api.project.app_id], scopes: ['apps:write', 'apps:read'] });
    const body = { name: 'x', platform: 'ios' };
    for (const [index, [status, method, path]] of (
      [
        [403, 'GET', '/v1/project'],
        [403, 'POST', '/v1/apps'],
        [404, 'GET', '/v1/apps/app_x'],
        [422, 'GET', '/v1/apps?limit=0'],
      ] as const
    ).entries()) {
      const answer = await api.call(method, path, { key: narrow, ...(method === 'POST' ? { body } : {}) });
      assert.equal(answer.status, status);
      assert.deepEqual(remaining(answer), { management: 59 - index });
    }
  });

  it('is nothing when the answer is 429', async () => {
    const key = await newKey();
    for (let round = 0; round < 60; round += 1) await manage(key);
    for (let round = 0; round < 50; round += 1) assert.equal((await manage(key)).status, 429);
    advance(100);
    assert.equal((await manage(key)).status, 200);
  });

  it('counts only in the category of the route', async () => {
    const key = await newKey();
    for (let round = 0; round < 60; round += 1) await manage(key);
    assert.equal((await manage(key)).status, 429);
    assert.equal((await search(key)).status, 200);
    assert.equal((await send(key, { events: [] })).status, 200);
  });
});

describe('over the limit', () => {
  it('exactly one caller that waits for Retry-After is allowed', async () => {
    const key = await newKey();
    await search(key);
    await search(key);
    const denied = await search(key);
    assert.equal(denied.status, 429);
    assert.equal(denied.headers.get('retry-after'), '3');
    assert.equal(denied.body.retry_after_ms, 2_500);
    assert.deepEqual([denied.body.category, denied.body.policy], ['analytics', 'analytics']);
    assert.deepEqual(remaining(denied), { analytics: 0 });
    advance(2_499);
    assert.equal((await search(key)).status, 429);
    advance(1);
    assert.equal((await search(key)).status, 200);
    const again = await search(key);
    assert.equal(again.status, 429);
    advance(Number(again.headers.get('retry-after')) * 1_000);
    assert.equal((await search(key)).status, 200);
    assert.equal((await search(key)).status, 429);
  });

  it('a batch waits for all of its events, and the response names the limit that denied it', async () => {
    const key = await newKey();
    const events = Array.from({ length: 1_000 }, () => 0);
    for (let round = 0; round < 50; round += 1) await send(key, { events });
    const denied = await send(key, { events });
    assert.deepEqual([denied.status, denied.body.policy, denied.body.retry_after_ms], [429, 'events', 100]);
    assert.equal((await send(key, { events: [] })).status, 200);
    advance(99);
    assert.equal((await send(key, { events })).status, 429);
    advance(1);
    assert.equal((await send(key, { events })).status, 200);
  });

  it('no body is read: 429 comes before validation errors', async () => {
    const key = await newKey({ scopes: ['keys:write', 'events:write'] });
    const make = (body: unknown) => api.call('POST', '/v1/api-keys', { key, body });
    for (let round = 0; round < 60; round += 1) assert.equal((await make('{')).status, 400);
    assert.equal((await make('{')).status, 429);
    assert.equal((await make(' '.repeat(100_000))).status, 429);
  });

  it('a missing scope is still reported as such, so that callers do not wait in vain', async () => {
    const key = await newKey({ scopes: ['apps:read'] });
    for (let round = 0; round < 70; round += 1) assert.equal((await manage(key)).status, 403);
    assert.equal((await api.call('GET', '/v1/apps', { key })).status, 429);
  });
});

describe('unknown keys from one address', () => {
  const request = (key: string | undefined, from: string, headers = {}) =>
    api.call('GET', '/v1/project', {
      ...(key ? { key } : {}),
      headers: { 'x-forwarded-for': from, ...headers },
    });

  it('are limited after 20 until one has refilled, and affect no other address', async () => {
    const address = '198.51.100.7';
    for (let round = 0; round < 20; round += 1) {
      assert.equal((await request(createSecret('server'), address)).status, 401);
    }
    const denied = await request(createSecret('server'), address);
    assert.deepEqual([denied.status, denied.body.code], [429, 'too_many_failed_authentications']);
    assert.equal(denied.headers.get('retry-after'), '3');
    assert.equal((await request(server_key, address)).status, 200);
    assert.equal((await request('malformed', address)).body.code, 'invalid_api_key');
    assert.equal((await request(undefined, address)).body.code, 'missing_api_key');
    assert.equal((await request(createSecret('server'), '198.51.100.8')).status, 401);
    const disabled = await newKey({ disabled: true });
    assert.equal((await request(disabled, address)).body.code, 'api_key_disabled');
  });

  it('share a bucket within an IPv6 /64, which a single connection can choose from', async () => {
    for (let round = 0; round < 20; round += 1) {
      assert.equal((await request(createSecret('server'), `2001:db8:1:2::${round + 1}`)).status, 401);
    }
    assert.equal((await request(createSecret('server'), '2001:db8:1:2:ffff::9')).status, 429);
    assert.equal((await request(createSecret('server'), '2001:db8:1:3::1')).status, 401);
  });
});
