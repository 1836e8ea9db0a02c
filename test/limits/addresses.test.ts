import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseList } from 'structured-headers';
import { createSecret } from '../../src/directory/secret.ts';
import { type Answer, makeKey, startTestServer } from '../support/harness.ts';

// The limiter's clock moves only when a test moves it, so every figure is exact.
let nowUs = 1_000_000_000;
const advance = (ms: number) => {
  nowUs += ms * 1_000;
};
const api = await startTestServer(
  {
    APPFLOW_LIMIT_EVENTS: '',
    APPFLOW_LIMIT_EVENTS_REQUESTS: '',
    APPFLOW_LIMIT_EVENTS_IP: '',
    // Slow on purpose: its waits are longer than the minimum Retry-After of one second.
    APPFLOW_LIMIT_EVENTS_IP_REQUESTS: '0.3/20',
    APPFLOW_LIMIT_FAILED_AUTH: '',
    TRUSTED_PROXIES: '127.0.0.1',
  },
  { nowUs: () => nowUs },
);

const newClientKey = async () => await makeKey(api, { type: 'client' });
const event = { event_name: 'opened', app_user_id: 'u1' };
const nothing = { events: [] };

const send = (key: string, from: string, body: unknown = nothing, headers = {}) =>
  api.call('POST', '/v1/events', { key, body, headers: { 'x-forwarded-for': from, ...headers } });

/** Sends until denied. Returns how many requests were allowed. */
async function exhaust(key: string, from: () => string, most = 60): Promise<number> {
  for (let passed = 0; passed < most; passed += 1) {
    const { status, body } = await send(key, from());
    if (status === 429) {
      assert.equal(body.policy, 'events-ip-requests');
      return passed;
    }
    assert.equal(status, 200);
  }
  return most;
}

const remaining = (answer: Answer) =>
  Object.fromEntries(
    parseList(answer.headers.get('ratelimit') ?? '').map(([name, parameters]) => [name, parameters.get('r')]),
  );

describe('a client key, which every install shares,', () => {
  it('cannot be used up by one device: 50 others are unaffected', async () => {
    const { key } = await newClientKey();
    assert.equal(await exhaust(key, () => '192.0.2.1'), 20);
    for (let round = 0; round < 100; round += 1) {
      assert.equal((await send(key, '192.0.2.1')).status, 429);
    }
    for (let device = 1; device <= 50; device += 1) {
      const body = { events: [{ ...event, event_id: `d${device}` }] };
      const answer = await send(key, `198.51.100.${device}`, body);
      assert.deepEqual([answer.status, answer.body.accepted], [200, 1]);
      assert.equal(remaining(answer)['events-ip-requests'], 19);
    }
    // The 20 allowed requests, the 50 others and this one: denied requests cost the key nothing.
    assert.equal(remaining(await send(key, '203.0.113.1'))['events-requests'], 10_000 - 71);
  });

  it('gives no fresh bucket to a caller that forges hops before the real one', async () => {
    const { key } = await newClientKey();
    let hop = 0;
    const from = () => {
      hop += 1;
      return `203.0.113.${hop}, 2001:db8:${hop}::1, 198.51.100.7`;
    };
    assert.equal(await exhaust(key, from), 20);
  });

  it('gives no fresh bucket to another address of the same IPv6 /64', async () => {
    const { key } = await newClientKey();
    const group = () => Math.floor(Math.random() * 65_536).toString(16);
    const from = () => `2001:db8:1:2:${group()}:${group()}:${group()}:${group()}`;
    assert.equal(await exhaust(key, from, 25), 20);
    assert.equal((await send(key, '2001:db8:1:3::1')).status, 200, 'the next /64 is another caller');
  });

  it('treats 1.2.3.4, ::ffff:1.2.3.4 and ::ffff:102:304 as one address', async () => {
    const { key } = await newClientKey();
    const spellings = ['1.2.3.4', '::ffff:1.2.3.4', '::ffff:102:304', '::FFFF:0102:0304'];
    let round = 0;
    const from = () => {
      round += 1;
      return spellings[round % spellings.length] ?? '';
    };
    assert.equal(await exhaust(key, from), 20);
  });

  it('limits the events of an address as well as its requests', async () => {
    const { key } = await newClientKey();
    const events = Array.from({ length: 1_000 }, () => 0);
    for (let round = 0; round < 10; round += 1)
      assert.equal((await send(key, '192.0.2.2', { events })).status, 200);
    const denied = await send(key, '192.0.2.2', { events });
    assert.deepEqual([denied.status, denied.body.policy], [429, 'events-ip']);
    assert.equal((await send(key, '192.0.2.3', { events })).status, 200);
  });

  it('always gets 401 once it is revoked, never 429: a phone must learn to stop', async () => {
    const { id, key } = await newClientKey();
    const from = '192.0.2.4';
    assert.equal(await exhaust(key, () => from), 20);
    for (let round = 0; round < 25; round += 1) await send(createSecret('client'), from);
    assert.equal((await send(createSecret('client'), from)).status, 429);
    assert.equal(
      (await api.call('DELETE', `/v1/api-keys/${id}`, { key: api.project.server_key })).status,
      200,
    );
    for (let round = 0; round < 30; round += 1) {
      const answer = await send(key, from);
      assert.deepEqual([answer.status, answer.body.code], [401, 'api_key_revoked']);
    }
  });

  it('works from an address whose failures are used up by unknown keys', async () => {
    const { key } = await newClientKey();
    const from = '192.0.2.5';
    for (let round = 0; round < 20; round += 1)
      assert.equal((await send(createSecret('client'), from)).status, 401);
    assert.equal((await send(createSecret('client'), from)).status, 429);
    assert.equal((await send(key, from)).status, 200);
  });

  it('reveals none of its remaining limit to a caller with another key', async () => {
    const { key } = await newClientKey();
    await send(key, '192.0.2.6');
    const answer = await send(createSecret('client'), '192.0.2.6');
    assert.equal(answer.status, 401);
    assert.equal(answer.headers.get('ratelimit'), null);
    assert.equal(answer.headers.get('ratelimit-policy'), null);
  });

  it('uses one bucket however the header is formatted', async () => {
    const { key } = await newClientKey();
    const schemes = ['Bearer', 'bearer', 'BEARER', 'Bearer '];
    let left = 20;
    for (const scheme of schemes) {
      const answer = await api.call('POST', '/v1/events', {
        body: nothing,
        headers: { 'x-forwarded-for': '192.0.2.7', authorization: `${scheme} ${key}` },
      });
      left -= 1;
      assert.equal(remaining(answer)['events-ip-requests'], left, scheme);
    }
    assert.equal((await api.call('POST', `/v1/events?key=${key}`, { body: nothing })).status, 401);
  });
});

describe('a flood of refused requests', () => {
  const refusals: [status: number, body: unknown][] = [
    [413, ' '.repeat(5 * 1024 * 1024 + 1)],
    [422, { events: 5 }],
    [400, '{'],
  ];

  for (const [status, body] of refusals) {
    it(`${status} is charged to the address and to the key, and ends in 429`, async () => {
      const { key } = await newClientKey();
      const from = `192.0.2.${status % 200}`;
      for (let round = 1; round <= 20; round += 1) {
        const answer = await send(key, from, body);
        assert.equal(answer.status, status, answer.text);
        const left = remaining(answer);
        assert.deepEqual([left['events-requests'], left['events-ip-requests']], [10_000 - round, 20 - round]);
      }
      assert.equal((await send(key, from, body)).status, 429);
      assert.equal((await send(key, '203.0.113.9')).status, 200);
    });
  }

  it('403 is charged in the category of the requested route', async () => {
    const narrow = await makeKey(api, { type: 'server', scopes: ['keys:read'] });
    for (let round = 1; round <= 3; round += 1) {
      const answer = await send(narrow.key, '192.0.2.8');
      assert.equal(answer.status, 403);
      assert.equal(remaining(answer)['events-requests'], 500 - round);
    }
  });

  it('a batch above the burst gets 413 without a suggested wait, and none of its events is spent', async () => {
    const { key } = await newClientKey();
    const answer = await send(key, '192.0.2.9', { events: Array.from({ length: 10_001 }, () => 0) });
    assert.equal(answer.status, 413);
    assert.equal(answer.headers.get('retry-after'), null);
    assert.equal(answer.body.retry_after_ms, undefined);
    const left = remaining(await send(key, '192.0.2.9'));
    assert.deepEqual([left.events, left['events-ip']], [200_000, 10_000]);
  });
});

it('500 times: Retry-After is whole and at least 1, waiting exactly that long is enough, 1.1 s less is not when it is 2 or more', async () => {
  const { key } = await newClientKey();
  const from = '198.51.100.200';
  let denials = 0;
  let short = 0;
  for (let step = 1; denials < 500; step += 1) {
    const denied = await send(key, from);
    if (denied.status === 200) continue;
    denials += 1;
    const text = denied.headers.get('retry-after') ?? '';
    assert.match(text, /^[1-9]\d*$/);
    const waitMs = Number(text) * 1_000;
    assert.ok(denied.body.retry_after_ms <= waitMs && denied.body.retry_after_ms > waitMs - 1_000);
    assert.equal(denied.headers.get('cache-control'), 'no-store');
    if (waitMs >= 2_000) {
      short += 1;
      advance(waitMs - 1_100);
      assert.equal((await send(key, from)).status, 429, '1.1 s too early');
      advance(1_100);
    } else advance(waitMs);
    assert.equal((await send(key, from)).status, 200, `after ${text} s`);
    // A different fraction of a unit each time.
    advance((step * 37) % 3_400);
  }
  assert.ok(short > 100, 'many of the waits are 2 s or more');
});
