import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { initProject, makeClock, startTestServer } from '../support/harness.ts';
import { listStoredEvents } from '../support/stored-events.ts';

// Where SDKs send their key, and what happens to keys that must not be in an app. The harness fails if a key is in the log.

const api = await startTestServer({}, { clock: makeClock() });
const { config } = api;

const basic = (user: string) => `Basic ${Buffer.from(`${user}:secret`).toString('base64')}`;

const EVENT = {
  ...{ event: 'purchase', event_type: 'purchase', type: 'track' },
  ...{ distinct_id: 'user_1', userId: 'user_1', user_id: 'user_1' },
  ...{ uuid: 'e-1', messageId: 'e-1', insert_id: 'e-1' },
};

type Request = { method: string; path: string; headers?: Record<string, string>; body?: object };

/** Requests with a key in their body, by dialect. */
const BODIES = {
  PostHog: (api_key) => ({ method: 'POST', path: '/batch', body: { api_key, batch: [EVENT] } }),
  Segment: (writeKey) => ({ method: 'POST', path: '/v1/batch', body: { writeKey, batch: [EVENT] } }),
  Amplitude: (api_key) => ({ method: 'POST', path: '/2/httpapi', body: { api_key, events: [EVENT] } }),
} satisfies Record<string, (key: string) => Request>;

const send = ({ method, path, ...options }: Request) => api.call(method, path, options);

/** Sends a request without the check of the harness, for answers that have the key, as they should. */
const fetchStatus = async ({ method, path, headers = {} }: Request) =>
  (await fetch(api.url + path, { method, headers })).status;

for (const [name, toRequest] of Object.entries(BODIES)) {
  describe(`a key in a body of ${name}`, () => {
    for (const authorization of [basic('proxy'), 'Bearer abc', 'Digest username="proxy"', basic('')])
      it(`is found although the request has the header ${authorization.split(' ')[0]} ${authorization.length}`, async () => {
        const project = await initProject(config);
        const { status, text } = await send({
          ...toRequest(project.client_key),
          headers: { authorization },
        });
        assert.equal(status, 200, text);
        assert.equal((await listStoredEvents(api, project.server_key, project.app_id)).length, 1);
      });

    it('is named if it is not valid, not the credentials of a proxy', async () => {
      const answer = await send({ ...toRequest('nonsense'), headers: { authorization: basic('proxy') } });
      assert.equal(answer.status, name === 'Amplitude' ? 400 : 401);
      if (name === 'Amplitude') assert.equal(answer.body.error, 'Invalid API key: nonsense');
    });
  });
}

it('finds the key in a path although the request has credentials of a proxy', async () => {
  const { client_key } = await initProject(config);
  const headers = { authorization: basic('proxy') };
  for (const path of [`/v1/projects/${client_key}/settings`, `/array/${client_key}/config`])
    assert.equal(await fetchStatus({ method: 'GET', path, headers }), 200, path.replace(client_key, 'KEY'));
});

it("finds RudderStack's key in the query although the request has credentials of a proxy", async () => {
  const { client_key } = await initProject(config);
  const headers = { authorization: basic('proxy') };
  assert.equal(
    await fetchStatus({ method: 'GET', path: `/sourceConfig?writeKey=${client_key}`, headers }),
    200,
  );
  assert.equal(await fetchStatus({ method: 'GET', path: '/sourceConfig?writeKey=', headers }), 401);
});

it('does not take the key of a batch from the query', async () => {
  const { client_key } = await initProject(config);
  const path = `/v1/batch?writeKey=${client_key}`;
  assert.equal((await send({ method: 'POST', path, body: { batch: [EVENT] } })).status, 401);
});

it('answers the settings of PostHog for a live client key, 401 for another', async () => {
  const { client_key } = await initProject(config);
  assert.equal((await send({ method: 'GET', path: `/array/${client_key}/config` })).status, 200);
  assert.equal((await send({ method: 'GET', path: '/array/phc_abc/config' })).status, 401);
});

/** Requests with a secret key in their body or URL, most of them besides a client key that is valid. */
const LEAKS: Record<string, (secret: string, client: string) => Request> = {
  'the body although the header has a client key': (secret, client) => ({
    ...BODIES.PostHog(secret),
    headers: { authorization: `Bearer ${client}` },
  }),
  "the path of Segment's settings": (secret) => ({
    method: 'GET',
    path: `/v1/projects/${secret}/settings`,
  }),
  "the path of PostHog's settings": (secret) => ({ method: 'GET', path: `/array/${secret}/config` }),
  'the query parameter writeKey': (secret, client) => ({
    method: 'GET',
    path: `/sourceConfig?writeKey=${secret}`,
    headers: { authorization: basic(client) },
  }),
  'a query parameter of a batch': (secret, client) => ({
    ...BODIES.Segment(client),
    path: `/v1/batch?x=1&token=${secret.replace('_', '%5F')}`,
  }),
  'a later event of Mixpanel': (secret, client) => ({
    method: 'POST',
    path: '/import',
    body: [mixpanelEvent({ token: client }), mixpanelEvent({}), mixpanelEvent({ token: secret })],
  }),
  'an event of Mixpanel although the header has a client key': (secret, client) => ({
    method: 'POST',
    path: '/import',
    body: [mixpanelEvent({ token: 'other' }), mixpanelEvent({ token: secret })],
    headers: { authorization: basic(client) },
  }),
  'a later event of a list of PostHog': (secret, client) => ({
    method: 'POST',
    path: '/e/',
    body: [
      { ...EVENT, api_key: client },
      { ...EVENT, properties: { token: secret } },
    ],
  }),
  'the token of an event of PostHog that has a client key, too': (secret, client) => ({
    method: 'POST',
    path: '/e/',
    body: [{ ...EVENT, api_key: client, properties: { token: secret } }],
  }),
  'the token beside the key of a batch of PostHog': (secret, client) => ({
    method: 'POST',
    path: '/batch',
    body: { api_key: client, token: secret, batch: [EVENT] },
  }),
  'the token of an event in a batch of PostHog that has a client key, too': (secret, client) => ({
    method: 'POST',
    path: '/batch',
    body: { api_key: client, batch: [{ ...EVENT, api_key: client, properties: { token: secret } }] },
  }),
  'an event in a batch of PostHog': (secret, client) => ({
    method: 'POST',
    path: '/batch',
    body: { api_key: client, batch: [EVENT, { ...EVENT, token: secret }] },
  }),
};

const mixpanelEvent = (properties: object) => ({
  event: 'purchase',
  properties: { distinct_id: 'user_1', ...properties },
});

for (const [place, toRequest] of Object.entries(LEAKS)) {
  for (const type of ['server', 'read_only'] as const)
    it(`refuses a ${type} key in ${place}, and treats it as leaked`, async () => {
      const project = await initProject(config);
      const created = await api.call('POST', '/v1/api-keys', {
        key: project.server_key,
        body: { name: 'Leaked', type },
      });
      const { status, text } = await send(toRequest(created.body.key, project.client_key));
      assert.equal(status, 401, text);
      const revoked = await api.call('GET', '/v1/apps', { key: created.body.key });
      assert.deepEqual([revoked.status, revoked.body.code], [401, 'api_key_revoked']);
      assert.deepEqual(await listStoredEvents(api, project.server_key, project.app_id), []);
      const works = await send(BODIES.Segment(project.client_key));
      assert.equal(works.status, 200, 'the client key still works');
    });
}

/** Requests with a secret key in a header, besides a client key that is valid. */
const IN_HEADERS: Record<string, (secret: string, client: string) => Request> = {
  'a Basic header': (secret, client) => ({
    ...BODIES.Segment(client),
    headers: { authorization: basic(secret) },
  }),
  'a Bearer header': (secret, client) => ({
    ...BODIES.PostHog(client),
    headers: { authorization: `Bearer ${secret}` },
  }),
};

for (const [place, toRequest] of Object.entries(IN_HEADERS)) {
  for (const type of ['server', 'read_only'] as const)
    it(`refuses a ${type} key in ${place}, but does not revoke what a backend may use elsewhere`, async () => {
      const project = await initProject(config);
      const key = type === 'server' ? project.server_key : project.read_only_key;
      const { status, text } = await send(toRequest(key, project.client_key));
      assert.equal(status, 401, text);
      assert.equal((await api.call('GET', '/v1/apps', { key })).status, 200);
      assert.deepEqual(await listStoredEvents(api, project.server_key, project.app_id), []);
    });
}

it('stores a batch of Mixpanel whose later events have other tokens than the first', async () => {
  const { client_key, server_key, app_id } = await initProject(config);
  const body = [client_key, 'other', client_key, 7].map((token) => mixpanelEvent({ token }));
  const answer = await send({ method: 'POST', path: '/import', body });
  assert.deepEqual([answer.status, answer.body.accepted], [200, 4], answer.text);
  assert.equal((await listStoredEvents(api, server_key, app_id)).length, 4);
});
