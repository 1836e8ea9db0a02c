import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { initProject, makeClock, startTestServer } from '../support/harness.ts';
import { until } from '../support/until.ts';

// Which SDK sent events, as ingestion health counts it.

const api = await startTestServer({ APPFLOW_LIMIT_EVENTS_REQUESTS: '1000/1000' }, { clock: makeClock() });

type Project = Awaited<ReturnType<typeof initProject>>;

async function addProject(): Promise<Project> {
  const project = await initProject(api.config);
  const key = project.client_key;
  // With PostgreSQL, the server does not know it immediately.
  await until(
    'the key is known',
    async () => (await api.call('GET', '/v1/api-keys/self', { key })).status === 200,
  );
  return project;
}

async function count({ server_key }: Project, query = ''): Promise<unknown[][]> {
  const { status, body, text } = await api.call('GET', `/v1/ingestion${query}`, { key: server_key });
  assert.equal(status, 200, text);
  return body.data.map((row: Record<string, unknown>) => [
    ...[row.sdk_id, row.accepted, row.duplicates],
    ...[row.rejected, row.refused],
  ]);
}

const user = { distinct_id: 'user_1', userId: 'user_1', user_id: 'user_1' };
const ids = (id: string) => ({ uuid: id, messageId: id, insert_id: id });
const eventOf = (id: string, more: object = {}) => ({
  ...{ event: 'Opened', event_type: 'Opened', type: 'track', properties: {} },
  ...{ ...user, ...ids(id), ...more },
});
const fromLibrary = (name: string) => ({ context: { library: { name, version: '1.0' } } });

const BATCHES: readonly [sdkId: string, path: string, toBody: (key: string, events: object[]) => object][] = [
  ['posthog', '/batch', (api_key, batch) => ({ api_key, batch })],
  ['posthog', '/e/', (api_key, [event]) => ({ ...event, api_key })],
  ['amplitude', '/batch', (api_key, events) => ({ api_key, events })],
  ['amplitude', '/2/httpapi', (api_key, events) => ({ api_key, events })],
  ['segment', '/v1/batch', (writeKey, batch) => ({ writeKey, batch })],
  ['segment', '/v1/track', (writeKey, [event]) => ({ ...event, writeKey })],
];

describe('ingestion health', () => {
  for (const [sdkId, path, toBody] of BATCHES)
    it(`counts what is sent to ${path} in the protocol of ${sdkId} for it`, async () => {
      const project = await addProject();
      const send = (event: object) => api.call('POST', path, { body: toBody(project.client_key, [event]) });
      await send(eventOf('e-1'));
      await send(eventOf('e-1'));
      await send(eventOf('e-2', { event: '', event_type: '' }));
      assert.deepEqual(await count(project), [[sdkId, 1, 1, 1, 0]]);
      const { body } = await api.call('GET', '/v1/ingestion/samples', { key: project.server_key });
      assert.deepEqual(
        body.data.map((sample: { sdk_id: string }) => sample.sdk_id),
        [sdkId],
      );
    });

  it('counts batches of capture v1 for PostHog', async () => {
    const project = await addProject();
    const headers = { authorization: `Bearer ${project.client_key}` };
    await api.call('POST', '/i/v1/analytics/events', { headers, body: { batch: [eventOf('e-1')] } });
    assert.deepEqual(await count(project), [['posthog', 1, 0, 0, 0]]);
  });

  for (const name of ['RudderLabs JavaScript SDK', 'rudder-ios-library', 'com.rudderstack.android.sdk.core'])
    it(`counts batches and messages of ${name} for RudderStack`, async () => {
      const project = await addProject();
      const writeKey = project.client_key;
      const batch = [eventOf('e-1', fromLibrary(name))];
      await api.call('POST', '/v1/batch', { body: { writeKey, batch } });
      await api.call('POST', '/v1/track', { body: { writeKey, ...eventOf('e-2', fromLibrary(name)) } });
      assert.deepEqual(await count(project), [['rudderstack', 2, 0, 0, 0]]);
    });

  it('counts what it refuses for the SDK that sent it, also after its body is read', async () => {
    const project = await addProject();
    const writeKey = project.client_key;
    const tooMany = Array.from({ length: 2_000 }, () => ({}));
    const batch = [fromLibrary('rudder-ios-library'), ...tooMany];
    assert.equal((await api.call('POST', '/v1/batch', { body: { writeKey, batch } })).status, 413);
    const body = { api_key: writeKey, events: [{}, ...tooMany] };
    assert.equal((await api.call('POST', '/batch', { body })).status, 413);
    await api.call('POST', '/v1/events', { key: writeKey, body: { events: 'none' } });
    assert.deepEqual(await count(project), [
      ['amplitude', 0, 0, 0, 1],
      ['appflow', 0, 0, 0, 1],
      ['rudderstack', 0, 0, 0, 1],
    ]);
  });

  it('counts what it refuses before it reads the body as unknown, where several SDKs share the path', async () => {
    const project = await addProject();
    const created = await api.call('POST', '/v1/api-keys', {
      key: project.server_key,
      body: {
        ...{ name: 'Slow', type: 'client' },
        rate_limits: { events: { requests: { rate: 0.01, burst: 1 } } },
      },
    });
    const key: string = created.body.key;
    const authorization = `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
    const send = (path: string, headers: Record<string, string>, body: object) =>
      api.call('POST', path, { headers, body });
    const batch = [eventOf('e-1')];
    assert.equal((await send('/v1/batch', { authorization }, { batch })).status, 200);
    assert.equal((await send('/v1/batch', { authorization }, { batch })).status, 429);
    const bearer = { authorization: `Bearer ${key}` };
    assert.equal((await send('/i/v1/analytics/events', bearer, { batch })).status, 503);
    assert.deepEqual(await count(project), [
      ['posthog', 0, 0, 0, 1],
      ['segment', 1, 0, 0, 0],
      ['unknown', 0, 0, 0, 1],
    ]);
  });

  it('counts a link without effect for the SDK that sent it', async () => {
    const project = await addProject();
    const link = (id: string, distinct_id: string) => ({
      ...{ event: '$identify', uuid: id, distinct_id },
      properties: { $anon_distinct_id: 'phone' },
    });
    const batch = [link('e-1', 'ann'), link('e-2', 'bob')];
    await api.call('POST', '/batch', { body: { api_key: project.client_key, batch } });
    // Links are derived after the answer, and before any query.
    await api.call('GET', '/v1/users/ann', { key: project.server_key });
    const { body } = await api.call('GET', '/v1/ingestion', { key: project.server_key });
    assert.deepEqual(
      body.data.map((row: Record<string, unknown>) => [row.sdk_id, row.accepted, row.link_conflicts]),
      [['posthog', 2, 1]],
    );
  });

  it('filters counts and samples by what sent them', async () => {
    const project = await addProject();
    const { client_key, server_key } = project;
    const bad = { event_name: 'Not Snake', app_user_id: 'user_1' };
    await api.call('POST', '/v1/events', { key: client_key, body: { events: [bad] } });
    const batch = [eventOf('e-1', { event: '' })];
    await api.call('POST', '/batch', { body: { api_key: client_key, batch } });
    assert.deepEqual(await count(project, '?sdk_id=appflow'), [['appflow', 0, 0, 1, 0]]);
    assert.deepEqual(await count(project, '?sdk_id=posthog'), [['posthog', 0, 0, 1, 0]]);
    assert.deepEqual(await count(project, '?sdk_id=segment'), []);
    for (const path of ['/v1/ingestion', '/v1/ingestion/samples'])
      assert.equal((await api.call('GET', `${path}?sdk_id=PostHog`, { key: server_key })).status, 422);
    const samples = await api.call('GET', '/v1/ingestion/samples?sdk_id=posthog', { key: server_key });
    assert.deepEqual(
      samples.body.data.map((sample: { sdk_id: string }) => sample.sdk_id),
      ['posthog'],
    );
  });
});
