import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSecret } from '../../src/directory/secret.ts';
import { type Answer, makeKey, startTestServer } from '../support/harness.ts';

// The limiter's clock moves only when a test moves it, so every figure is exact.
let nowUs = 1_000_000_000;
const api = await startTestServer(
  {
    APPFLOW_LIMIT_EVENTS: '100/1000',
    APPFLOW_LIMIT_EVENTS_REQUESTS: '',
    APPFLOW_LIMIT_FAILED_AUTH: '',
    APPFLOW_LIMIT_ANALYTICS: '1/2',
  },
  { nowUs: () => nowUs },
);
const { server_key, app_id } = api.project;

const send = (key: string, events: unknown[]) => api.call('POST', '/v1/events', { key, body: { events } });
const batch = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({
    event_id: `${name}-${index}`,
    event_name: 'opened',
    app_user_id: 'u1',
  }));
const leftOf = (answer: Answer, policy: string) =>
  Number(new RegExp(`"${policy}";r=(\\d+)`).exec(answer.headers.get('ratelimit') ?? '')?.[1]);

describe('a denied batch', () => {
  it('that is retried after its wait is stored once, however often it is sent', async () => {
    const { key } = await makeKey(api, { type: 'server' });
    assert.equal((await send(key, batch('first', 900))).body.accepted, 900);
    const again = batch('again', 300);
    const denied = await send(key, again);
    assert.equal(denied.status, 429);
    nowUs += Number(denied.headers.get('retry-after')) * 1_000_000;
    const sent = await send(key, again);
    assert.deepEqual([sent.body.accepted, sent.body.duplicates], [300, 0]);
    nowUs += 10_000_000;
    const repeated = await send(key, again);
    assert.deepEqual([repeated.body.accepted, repeated.body.duplicates], [0, 300]);
    const query = `/v1/events?app_id=${app_id}&event_id=again-7`;
    assert.equal((await api.call('GET', query, { key: server_key })).body.data.length, 1);
  });
});

it('a thousand wrong keys from one address are limited after the burst, and hardly touch the database', async () => {
  const count = async () => {
    const { text } = await api.call('GET', '/metrics');
    return Number(/^appflow_db_statements_total (\d+)$/m.exec(text)?.[1]);
  };
  await count();
  const before = await count();
  const statuses = new Map<number, number>();
  for (let round = 0; round < 1_000; round += 1) {
    const { status } = await api.call('GET', '/v1/project', { key: createSecret('server') });
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  assert.deepEqual(
    [...statuses],
    [
      [401, 20],
      [429, 980],
    ],
  );
  // A few go to the audit log, and an idle directory polls its stamp: nothing grows with the flood.
  const added = (await count()) - before;
  assert.ok(added < 50, `${added} statements`);
});

describe("a key's bucket", () => {
  it('is kept when the key is rotated: both secrets use it', async () => {
    const { id, key } = await makeKey(api, { type: 'server' });
    assert.equal(leftOf(await send(key, []), 'events-requests'), 499);
    const { body } = await api.call('POST', `/v1/api-keys/${id}/rotate`, { key: server_key, body: {} });
    assert.equal(leftOf(await send(body.key, []), 'events-requests'), 498);
    assert.equal(leftOf(await send(key, []), 'events-requests'), 497);
  });

  it('is full for a key created after another was revoked', async () => {
    const fields = { type: 'server', name: 'Nightly import' };
    const first = await makeKey(api, fields);
    assert.equal((await send(first.key, batch('debt', 1_000))).status, 200);
    assert.equal((await send(first.key, batch('debt', 1))).status, 429);
    await api.call('DELETE', `/v1/api-keys/${first.id}`, { key: server_key });
    const second = await makeKey(api, fields);
    assert.equal(leftOf(await send(second.key, []), 'events'), 1_000);
  });
});

describe('a web page', () => {
  const EXPOSED = ['retry-after', 'ratelimit', 'ratelimit-policy', 'x-request-id'];
  const origin = 'https://dashboard.example.com';
  const listExposed = (answer: Answer) =>
    (answer.headers.get('access-control-expose-headers') ?? '').toLowerCase().split(/, */);

  it('that sends events can read its wait and what is left', async () => {
    const { key } = await makeKey(api, { type: 'client' });
    const call = (events: unknown[]) =>
      api.call('POST', '/v1/events', { key, body: { events }, headers: { origin } });
    await call(batch('page', 1_000));
    for (const answer of [await call([]), await call(batch('more', 1))]) {
      assert.equal(answer.headers.get('access-control-allow-origin'), '*');
      for (const name of EXPOSED) assert.ok(listExposed(answer).includes(name), `${answer.status} ${name}`);
    }
    assert.equal((await call(batch('more', 1))).status, 429);
  });

  it('that reads analytics can too, when the key allows its origin', async () => {
    const { key } = await makeKey(api, { type: 'read_only', allowed_origins: [origin] });
    const request = () =>
      api.call('GET', `/v1/analytics/live?app_id=${app_id}`, { key, headers: { origin } });
    const answers = [await request(), await request(), await request()];
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 429],
    );
    for (const answer of answers) {
      assert.equal(answer.headers.get('access-control-allow-origin'), origin);
      for (const name of EXPOSED) assert.ok(listExposed(answer).includes(name), `${answer.status} ${name}`);
    }
  });
});
