import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MINUTE_MS } from '../../src/lib/durations.ts';
import { initProject, makeClock, startTestServer } from '../support/harness.ts';
import { listStoredEvents } from '../support/stored-events.ts';

// What SDKs are answered when someone in the project can undo the reason, and when a part of a batch is not valid.

const clock = makeClock();
const api = await startTestServer({}, { clock });

type Project = Awaited<ReturnType<typeof initProject>>;

const createKey = async (project: Project, restrictions: object = {}) => {
  const body = { name: 'Phones', type: 'client', ...restrictions };
  const created = await api.call('POST', '/v1/api-keys', { key: project.server_key, body });
  assert.equal(created.status, 201, created.text);
  return { id: String(created.body.id), key: String(created.body.key) };
};

const basic = (key: string) => ({ authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` });

const REQUESTS = {
  PostHog: ['/batch', (key: string, batch: unknown[]) => ({ api_key: key, batch })],
  'PostHog for browsers': ['/e', (_key: string, batch: unknown[]) => batch],
  Segment: ['/v1/batch', (key: string, batch: unknown[]) => ({ writeKey: key, batch })],
  Amplitude: ['/2/httpapi', (key: string, events: unknown[]) => ({ api_key: key, events })],
  'Amplitude at /batch': ['/batch', (key: string, events: unknown[]) => ({ api_key: key, events })],
} as const;

/** An event that is valid in every dialect. */
const eventOf = (key: string) => ({
  ...{ event: 'purchase', event_type: 'purchase', type: 'track', api_key: key },
  ...{ distinct_id: 'user_1', userId: 'user_1', user_id: 'user_1' },
  ...{ uuid: 'e-1', messageId: 'e-1', insert_id: 'e-1' },
});

for (const [name, [path, toBody]] of Object.entries(REQUESTS)) {
  const send = (key: string, more: unknown[] = []) =>
    api.call('POST', path, { body: toBody(key, [eventOf(key), ...more]) });

  describe(name, () => {
    it('keeps events on the device while a key that was revoked by mistake can be restored', async () => {
      const project = await initProject(api.config);
      const { id, key } = await createKey(project);
      await api.call('DELETE', `/v1/api-keys/${id}`, { key: project.server_key });
      const paused = await send(key);
      assert.deepEqual([paused.status, paused.headers.get('retry-after')], [503, '300'], paused.text);
      clock.advance(61 * MINUTE_MS);
      const { status, text } = await send(key);
      assert.equal(status, name.startsWith('Amplitude') ? 400 : 401);
      if (name.startsWith('Amplitude')) assert.match(text, /Invalid API key/);
    });

    it('keeps events on the device while the key may not be used from its address', async () => {
      const { key } = await createKey(await initProject(api.config), { ip_allowlist: ['192.0.2.1'] });
      const { status, headers } = await send(key);
      assert.deepEqual([status, headers.get('retry-after')], [503, '300']);
    });

    it('stores the valid events of a batch with elements that are not', async () => {
      const project = await initProject(api.config);
      const { status, text, body } = await send(project.client_key, [null, 'x', []]);
      assert.equal(status, 200, text);
      if (!name.startsWith('Amplitude')) assert.deepEqual([body.accepted, body.rejected], [1, 3]);
      const stored = await listStoredEvents(api, project.server_key, project.app_id);
      assert.deepEqual(
        stored.map(({ event_name }) => event_name),
        ['purchase'],
      );
    });
  });
}

it('a leaked key is not paused: it cannot be restored', async () => {
  const project = await initProject(api.config);
  const { id, key } = await createKey(project);
  await api.call('DELETE', `/v1/api-keys/${id}?reason=leaked`, { key: project.server_key });
  const { status } = await api.call('POST', '/v1/batch', { body: { writeKey: key, batch: [] } });
  assert.equal(status, 401);
});

it('Amplitude: refuses a batch at /batch as at /2/httpapi', async () => {
  const { body } = await api.call('POST', '/batch', { body: { api_key: 'nonsense', events: [] } });
  assert.deepEqual(body, { code: 400, error: 'Invalid API key: nonsense' });
});

it('counts a refused request by its reason, not by the status that the SDK needs', async () => {
  const project = await initProject(api.config);
  const { id, key } = await createKey(project);
  const options = { key: project.server_key, body: { disabled: true } };
  await api.call('PATCH', `/v1/api-keys/${id}`, options);
  const { status } = await api.call('GET', '/sourceConfig', { headers: basic(key) });
  assert.equal(status, 503);
  const { body } = await api.call('GET', `/v1/api-keys/${id}/usage`, { key: project.server_key });
  assert.equal(body.data.at(-1)?.unauthorized, 1, JSON.stringify(body));
});

it('answers 200 to a batch without events, even if the key reaches several apps', async () => {
  const project = await initProject(api.config);
  const app = { name: 'Second', platform: 'ios' };
  await api.call('POST', '/v1/apps', { key: project.server_key, body: app });
  const empty = { writeKey: project.client_key, batch: [] };
  assert.equal((await api.call('POST', '/v1/batch', { body: empty })).status, 200);
  const filled = { ...empty, batch: [eventOf(project.client_key)] };
  assert.equal((await api.call('POST', '/v1/batch', { body: filled })).status, 503);
});

it('ignores an app_id in a body, which is not one of Appflow', async () => {
  const { client_key } = await initProject(api.config);
  const body = { writeKey: client_key, app_id: 'com.example.app', batch: [eventOf(client_key)] };
  assert.equal((await api.call('POST', '/v1/batch', { body })).status, 200);
});

it('RudderStack: never answers 400 for settings, after which SDKs erase what they have stored', async () => {
  const { client_key } = await initProject(api.config);
  for (const query of ['?p=android&p=ios', '?p=%ff', '?p=%']) {
    // Not with `call`: the answer has the key, as it should.
    const { status } = await fetch(`${api.url}/sourceConfig${query}`, { headers: basic(client_key) });
    assert.ok([200, 503].includes(status), `${query}: ${status}`);
  }
});
