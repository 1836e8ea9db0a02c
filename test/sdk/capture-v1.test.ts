import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { PostHog } from 'posthog-node';
import { createSecret } from '../../src/directory/secret.ts';
import type { StoredEvent } from '../support/stored-events.ts';
import { type Fault, startSdkServer } from './sdk-server.ts';

// Capture v1 of PostHog, by the cases of PostHog's public test harness for SDKs, and with its own client, which reads the
// protocol to use from the environment.

process.env.POSTHOG_CAPTURE_MODE = 'v1';
const api = await startSdkServer();

const PATH = '/i/v1/analytics/events';
const REQUEST_ID = '01900000-0000-7000-8000-0000000000ff';
const HEADERS = {
  'posthog-sdk-info': 'posthog-go/1.2.3',
  'posthog-attempt': '1',
  'posthog-request-id': REQUEST_ID,
};

type Event = Record<string, unknown>;

const eventOf = (uuid: string, more: Event = {}): Event => ({
  ...{ event: 'purchase', uuid, distinct_id: 'user_1', timestamp: new Date().toISOString() },
  ...{ options: {}, properties: {}, ...more },
});

const toBody = (...batch: unknown[]) => ({ created_at: new Date().toISOString(), batch });

const send = (key: string, body: unknown, headers: Record<string, string> = {}) =>
  api.call('POST', PATH, { key, body, headers: { ...HEADERS, ...headers } });

const headersOf = ({ headers }: { headers: Headers }) => [
  headers.get('posthog-request-id'),
  headers.get('retry-after'),
];

it('answers what became of each event, repeats the ID of the request, and asks for no retry', async () => {
  const { clientKey, list } = await api.addProject();
  const large = { $anon_distinct_id: 'anon_1', $set: { bio: 'x'.repeat(2_000), plan: 'pro' } };
  const answer = await send(
    clientKey,
    toBody(
      eventOf('good'),
      eventOf('bad', { distinct_id: '' }),
      eventOf('partly', { event: '$identify', properties: large }),
      eventOf('flags', { event: '$feature_flag_called' }),
      eventOf('__proto__'),
      eventOf('x'.repeat(129)),
      eventOf('y'.repeat(5_000), { distinct_id: '' }),
      null,
    ),
  );
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(headersOf(answer), [REQUEST_ID, null]);
  const { results } = JSON.parse(answer.text);
  const found = Object.entries<{ result: string; details?: string }>(results);
  assert.deepEqual(found.map(([id, { result }]) => [id, result]).sort(), [
    ['__proto__', 'ok'],
    ['bad', 'drop'],
    ['flags', 'warning'],
    ['good', 'ok'],
    ['partly', 'warning'],
    ['x'.repeat(129), 'ok'],
    ['y'.repeat(5_000), 'drop'],
  ]);
  assert.match(results.bad.details, /^app_user_id: /);
  assert.match(results.partly.details, /^properties\.\$set\.bio: /);
  assert.equal((await list()).length, 4);
});

it('stores the session, the SDK and the time, corrected by the clock of the device', async () => {
  const { clientKey, list } = await api.addProject();
  const [wrong, happened] = [Date.parse('2020-01-01T00:10:00Z'), Date.parse('2020-01-01T00:00:00Z')];
  const event = eventOf('e-1', { session_id: 's-1', timestamp: new Date(happened).toISOString() });
  const sentAt = { 'posthog-request-timestamp': new Date(wrong).toISOString() };
  assert.equal((await send(clientKey, toBody(event), sentAt)).status, 200);
  type Whole = StoredEvent & { session_id: string; context: { sdk: string } };
  const [stored] = (await list()) as Whole[];
  assert.deepEqual([stored?.session_id, stored?.context.sdk], ['s-1', 'posthog-go/1.2.3']);
  const agoMs = Date.now() - Date.parse(stored?.timestamp ?? '');
  assert.ok(Math.abs(agoMs - 600_000) < 60_000, `${agoMs} ms ago`);
});

it('stores an event once that is sent again, at the path with a slash too', async () => {
  const { clientKey, list } = await api.addProject();
  for (const path of [PATH, `${PATH}/`, PATH]) {
    const { body } = await api.call('POST', path, { key: clientKey, body: toBody(eventOf('e-1')) });
    assert.deepEqual(body, { results: { 'e-1': { result: 'ok' } } });
  }
  assert.equal((await list()).length, 1);
});

for (const [encoding, compress] of Object.entries({
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
}))
  it(`reads a body that is compressed with ${encoding}`, async () => {
    const { clientKey } = await api.addProject();
    const body = compress(JSON.stringify(toBody(eventOf('e-1'))));
    const answer = await send(clientKey, body, { 'content-encoding': encoding });
    assert.deepEqual(answer.body, { results: { 'e-1': { result: 'ok' } } });
  });

for (const [fault, waitMin] of [
  ['over_limit', 60],
  ['unavailable', 60],
] satisfies [Fault, number][])
  it(`answers 503 with a wait, never 429, while the server is ${fault}`, async () => {
    const { clientKey, faults } = await api.addProject();
    faults.push(fault);
    const answer = await send(clientKey, toBody(eventOf('e-1')));
    const [requestId, wait] = headersOf(answer);
    assert.deepEqual([answer.status, requestId], [503, REQUEST_ID]);
    assert.ok(Number(wait) >= waitMin && Number(wait) <= 300, `${wait}`);
  });

describe('a refusal that is final', () => {
  for (const [status, name, toRequest] of [
    [400, 'not JSON', (key: string) => [key, '{"batch":'] as const],
    [401, 'an unknown key', () => [createSecret('client'), toBody(eventOf('e-1'))] as const],
    [413, '2,001 events', (key: string) => [key, toBody(...Array(2_001).fill({}))] as const],
  ] as const)
    it(`is ${status} without a wait: ${name}`, async () => {
      const { clientKey } = await api.addProject();
      const [key, body] = toRequest(clientKey);
      const answer = await send(key, body);
      assert.equal(answer.status, status, answer.text);
      assert.deepEqual(headersOf(answer), [REQUEST_ID, null]);
    });
});

it('lets web pages read the ID of the request in answers and errors, but not where there is none', async () => {
  const { clientKey } = await api.addProject();
  const exposedBy = ({ headers }: { headers: Headers }) =>
    headers.get('access-control-expose-headers')?.split(', ');
  const origin = 'https://example.com';
  for (const [key, status] of [
    [clientKey, 200],
    ['none', 401],
  ] as const) {
    const answer = await send(key, toBody(), { origin });
    assert.equal(answer.status, status, answer.text);
    assert.ok(exposedBy(answer)?.includes('posthog-request-id'), String(exposedBy(answer)));
  }
  const body = { api_key: clientKey, batch: [] };
  const other = await api.call('POST', '/batch', { body, headers: { origin } });
  assert.deepEqual(
    exposedBy(other)?.filter((name) => name.startsWith('posthog')),
    [],
  );
});

it('does not repeat an ID of a request that is none', async () => {
  const { clientKey } = await api.addProject();
  for (const id of ['', 'a b', 'x'.repeat(129)]) {
    const { status, headers } = await send(clientKey, toBody(), { 'posthog-request-id': id });
    assert.deepEqual([status, headers.get('posthog-request-id')], [200, null]);
  }
});

describe('the client of PostHog in its mode v1', () => {
  const sendAll = async (key: string) => {
    const client = new PostHog(key, { host: api.url });
    const errors: unknown[] = [];
    client.on('error', (error) => errors.push(error));
    client.identify({ distinctId: 'user_1', properties: { plan: 'pro' } });
    client.alias({ distinctId: 'user_1', alias: 'device_1' });
    client.capture({
      distinctId: 'user_1',
      event: 'Order Completed',
      properties: { revenue: 9.99, currency: 'eur' },
    });
    await client.shutdown(60_000);
    return errors;
  };

  it('identifies a person with properties and a purchase', async () => {
    const { clientKey, serverKey } = await api.addProject();
    assert.deepEqual(await sendAll(clientKey), []);
    const { body } = await api.call('GET', '/v1/users/device_1', { key: serverKey });
    assert.deepEqual(body.ids.sort(), ['device_1', 'user_1']);
    assert.deepEqual([body.properties, body.revenue_by_currency], [{ plan: 'pro' }, { EUR: '9.99' }]);
    const metric = await api.call('GET', '/metrics');
    assert.match(metric.text, /route="\/i\/v1\/analytics\/events"/, 'it used capture v1');
  });

  it('keeps its events while the server is unavailable, and stores each once', async () => {
    const { clientKey, faults, list } = await api.addProject();
    faults.push('unavailable');
    assert.deepEqual(await sendAll(clientKey), []);
    assert.deepEqual(faults, []);
    assert.equal((await list()).length, 3);
  });
});
