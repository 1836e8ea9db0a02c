import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KEY_SDKS, type KeySdk } from '../../src/api/dialect.ts';
import { startSlowServer } from '../support/slow-server.ts';
import { listStoredEvents } from '../support/stored-events.ts';
import { VENDORS } from './vendor-clients.ts';

// Client keys that only some SDKs can send with. Others keep their events: someone in the project can allow them.

const { api, clock, project, manage, sendSlowly } = await startSlowServer();

type Made = { id: string; key: string };

const makeKey = (fields: object): Promise<Made> =>
  manage('POST', '/v1/api-keys', { name: 'Phones', type: 'client', ...fields });
const allow = ({ id }: Made, allowed_sdks: readonly KeySdk[] | null) =>
  manage('PATCH', `/v1/api-keys/${id}`, { allowed_sdks });

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const basic = (key: string) => ({ authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` });

let sent = 0;
function newEventId(): string {
  sent += 1;
  return `e-${sent}`;
}

/** An event that is valid in every dialect, and for `POST /v1/events`. */
function newEvent(more: object = {}) {
  const id = newEventId();
  return {
    ...{ event: 'purchase', event_type: 'purchase', type: 'track' },
    ...{ distinct_id: 'user_1', userId: 'user_1', user_id: 'user_1' },
    ...{ uuid: id, messageId: id, insert_id: id },
    ...more,
  };
}

type Sent = { method?: string; path: string; headers?: object; body?: object | undefined };

const ofRudderStack = { context: { library: { name: 'rudder-ios-library' } } };

/** A request of each SDK, by its ID. */
const REQUESTS: [sdk: KeySdk, what: string, toRequest: (key: string) => Sent][] = [
  [
    'appflow',
    'a batch',
    (key) => ({
      path: '/v1/events',
      headers: bearer(key),
      body: { events: [{ event_id: newEventId(), event_name: 'purchase', app_user_id: 'user_1' }] },
    }),
  ],
  ['posthog', 'a batch', (api_key) => ({ path: '/batch', body: { api_key, batch: [newEvent()] } })],
  ['posthog', 'an event from the web', (api_key) => ({ path: '/e', body: newEvent({ api_key }) })],
  ['posthog', 'settings', (key) => ({ method: 'GET', path: `/array/${key}/config` })],
  ['segment', 'a batch', (writeKey) => ({ path: '/v1/batch', body: { writeKey, batch: [newEvent()] } })],
  ['segment', 'a message', (writeKey) => ({ path: '/v1/track', body: newEvent({ writeKey }) })],
  ['segment', 'settings', (key) => ({ method: 'GET', path: `/v1/projects/${key}/settings` })],
  [
    'rudderstack',
    'a batch',
    (key) => ({ path: '/v1/batch', headers: basic(key), body: { batch: [newEvent(ofRudderStack)] } }),
  ],
  ['rudderstack', 'settings', (key) => ({ method: 'GET', path: '/sourceConfig', headers: basic(key) })],
  ['amplitude', 'a batch', (api_key) => ({ path: '/2/httpapi', body: { api_key, events: [newEvent()] } })],
  [
    'amplitude',
    'a batch at /batch',
    (api_key) => ({ path: '/batch', body: { api_key, events: [newEvent()] } }),
  ],
  ['jitsu', 'a message', (key) => ({ path: '/api/s/track', headers: basic(key), body: newEvent() })],
  [
    'openpanel',
    'an event',
    (key) => ({
      path: '/track',
      headers: basic(key),
      body: { type: 'track', payload: { name: 'purchase', profileId: 'user_1' } },
    }),
  ],
  [
    'aptabase',
    'a list of events',
    (key) => ({
      path: '/api/v0/events',
      headers: basic(key),
      body: [
        { eventName: 'purchase', sessionId: newEventId(), timestamp: new Date(clock.now()).toISOString() },
      ],
    }),
  ],
  [
    'mixpanel',
    'an import',
    (key) => ({
      path: '/import',
      headers: basic(key),
      body: [
        {
          event: 'purchase',
          properties: { distinct_id: 'user_1', time: clock.now(), $insert_id: newEventId() },
        },
      ],
    }),
  ],
];

/** Not with `call`: some settings have the key, as they should. */
async function send({ method = 'POST', path, headers, body }: Sent) {
  const answer = await fetch(`${api.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, wait: answer.headers.get('retry-after'), text: await answer.text() };
}

const countStored = async () => (await listStoredEvents(api, project.server_key, project.app_id)).length;

describe('a key that is restricted to SDKs', () => {
  for (const [sdk, what, toRequest] of REQUESTS) {
    it(`accepts ${what} of ${sdk}, and refuses it if every other SDK is allowed`, async () => {
      const made = await makeKey({ allowed_sdks: [sdk] });
      const before = await countStored();
      const accepted = await send(toRequest(made.key));
      assert.equal(accepted.status, 200, accepted.text);
      const stored = await countStored();
      assert.equal(stored - before, what === 'settings' ? 0 : 1);
      await allow(
        made,
        KEY_SDKS.filter((other) => other !== sdk),
      );
      const { status, wait, text } = await send(toRequest(made.key));
      // An SDK of another vendor waits and keeps its events: 503 instead of 403.
      assert.deepEqual([status, wait], sdk === 'appflow' ? [403, null] : [503, '300'], text);
      assert.match(text, new RegExp(`not from ${sdk}\\. Add ${sdk} to its allowed_sdks`));
      assert.equal(await countStored(), stored);
      await allow(made, null);
      assert.equal((await send(toRequest(made.key))).status, 200, 'from the next request on');
    });
  }

  for (const [vendor, create] of Object.entries(VENDORS)) {
    it(`stores what the client of ${vendor} sends if only that is allowed`, async () => {
      const { key } = await makeKey({ allowed_sdks: [vendor.toLowerCase()] });
      const before = await countStored();
      await create(api.url, key).sendOne('user_1', 'App Opened');
      assert.equal((await countStored()) - before, 1);
    });
  }

  it('is refused before the body is read if no SDK on the path is allowed', async () => {
    const { key } = await makeKey({ allowed_sdks: ['amplitude'] });
    for (const [path, headers, code] of [
      ['/v1/events', bearer(key), 'sdk_not_allowed'],
      ['/v1/batch', basic(key), 'sdk_not_allowed'],
      ['/batch', basic(key), undefined],
    ] as const) {
      const answer = await api.call('POST', path, { headers, body: '{"not": JSON' });
      assert.equal(answer.body.code, code ?? 400, answer.text);
      if (path === '/v1/batch')
        assert.match(answer.body.detail, /not from segment or rudderstack\. Add segment or rudderstack to/);
    }
  });

  it('is counted in the usage of the key and in ingestion health by the reason', async () => {
    const { id, key } = await makeKey({ allowed_sdks: ['segment'] });
    await send({ path: '/batch', body: { api_key: key, batch: [newEvent()] } });
    const usage = await manage('GET', `/v1/api-keys/${id}/usage`);
    assert.equal(usage.data.at(-1)?.forbidden, 1);
    const { data } = await manage('GET', `/v1/ingestion?key_id=${id}`);
    assert.deepEqual(data[0]?.reasons, { sdk_not_allowed: 1 });
  });

  it('stores nothing if the SDK is no longer allowed once the body has arrived', async () => {
    const made = await makeKey({});
    const call = {
      method: 'POST',
      path: '/v1/events',
      headers: bearer(made.key),
      body: { events: [{ event_id: 'late', event_name: 'purchase', app_user_id: 'user_1' }] },
    };
    const before = await countStored();
    const answer = await sendSlowly(call, () => allow(made, ['posthog']));
    assert.deepEqual([answer.status, answer.body.code], [403, 'sdk_not_allowed']);
    assert.equal(await countStored(), before);
  });

  it('keeps the restriction when it is rotated, and its change is in the audit log', async () => {
    const made = await makeKey({ allowed_sdks: ['amplitude', 'appflow', 'amplitude'] });
    await allow(made, ['amplitude']);
    const rotated = await manage('POST', `/v1/api-keys/${made.id}/rotate`, {});
    assert.deepEqual(rotated.allowed_sdks, ['amplitude']);
    const { data } = await manage('GET', `/v1/audit-log?target=${made.id}&action=api_key.updated`);
    assert.deepEqual(data[0].diff.allowed_sdks, { added: [], removed: ['appflow'] });
  });

  it('can still read its own record', async () => {
    const { key } = await makeKey({ allowed_sdks: ['posthog'] });
    assert.equal((await api.call('GET', '/v1/api-keys/self', { key })).status, 200);
  });
});

it('a key without the restriction accepts every SDK', async () => {
  const { key } = await makeKey({});
  for (const [, , toRequest] of REQUESTS) assert.equal((await send(toRequest(key))).status, 200);
});
