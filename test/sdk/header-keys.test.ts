import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSecret } from '../../src/directory/secret.ts';
import { type Fault, type SdkProject, startSdkServer } from './sdk-server.ts';

// SDKs with the key in a header of their own. See test/sdk/states.test.ts for those with the key in the body.

const api = await startSdkServer();

type Sdk = {
  path: string;
  headersOf: (key: string) => Record<string, string>;
  body: object;
  /** Status over a limit: SDKs that delete their events after a 429 get 503. */
  overLimit: number;
};

const TIME = '2026-11-28T11:42:15.731Z';

const SDKS: Record<string, Sdk> = {
  Jitsu: {
    path: '/api/s/track',
    headersOf: (key) => ({ 'x-write-key': key }),
    body: { type: 'track', event: 'purchase', userId: 'user_1', messageId: 'e-1', writeKey: 'a:***' },
    overLimit: 429,
  },
  'Jitsu with an ID of the key': {
    path: '/api/s/s2s/track',
    headersOf: (key) => ({ 'x-write-key': `id:${key}` }),
    body: { event: 'purchase', userId: 'user_1', messageId: 'e-1' },
    overLimit: 429,
  },
  'OpenPanel with a client ID': {
    path: '/track',
    headersOf: (key) => ({ 'openpanel-client-id': key }),
    body: {
      type: 'track',
      payload: { name: 'purchase', profileId: 'user_1', properties: { __timestamp: TIME } },
    },
    overLimit: 429,
  },
  'OpenPanel with a client secret': {
    path: '/track',
    headersOf: (key) => ({ 'openpanel-client-id': 'a', 'openpanel-client-secret': key }),
    body: {
      type: 'track',
      payload: { name: 'purchase', profileId: 'user_1', properties: { __timestamp: TIME } },
    },
    overLimit: 429,
  },
  'Aptabase, one event': {
    path: '/api/v0/event',
    headersOf: (key) => ({ 'app-key': `A-SH-${key}` }),
    body: { eventName: 'purchase', sessionId: '1', timestamp: TIME },
    overLimit: 503,
  },
  'Aptabase, a list': {
    path: '/api/v0/events',
    headersOf: (key) => ({ 'app-key': `A-SH-${key}` }),
    body: [{ eventName: 'purchase', sessionId: '1', timestamp: TIME }],
    overLimit: 503,
  },
  Mixpanel: {
    path: '/import',
    headersOf: (key) => ({ authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` }),
    body: [
      { event: 'purchase', properties: { distinct_id: 'user_1', time: Date.parse(TIME), $insert_id: 'e-1' } },
    ],
    overLimit: 429,
  },
};

for (const [name, { path, headersOf, body, overLimit }] of Object.entries(SDKS)) {
  const send = (key: string, headers: Record<string, string> = {}) =>
    api.call('POST', path, { body, headers: { ...headers, ...headersOf(key) } });

  describe(`an SDK of ${name}`, () => {
    it('stores an event once that is sent again', async () => {
      const { clientKey, list } = await api.addProject();
      for (const round of ['first', 'again']) assert.equal((await send(clientKey)).status, 200, round);
      assert.deepEqual(
        (await list()).map(({ event_name }) => event_name),
        ['purchase'],
      );
    });

    if (name !== 'Mixpanel')
      it('is recognized although a proxy adds credentials of its own', async () => {
        const { clientKey } = await api.addProject();
        const proxy = { authorization: `Basic ${Buffer.from('proxy:secret').toString('base64')}` };
        assert.equal((await send(clientKey, proxy)).status, 200);
      });

    it('is refused with an unknown key, before its body is read', async () => {
      const headers = headersOf(createSecret('client'));
      const { status } = await api.call('POST', path, { headers, body: '{"not JSON' });
      assert.equal(status, 401);
    });

    it('is refused with a secret key, which is not revoked: a backend may use it elsewhere', async () => {
      const { serverKey, list } = await api.addProject();
      assert.equal((await send(serverKey)).status, 401);
      assert.equal((await api.call('GET', '/v1/apps', { key: serverKey })).status, 200);
      assert.deepEqual(await list(), []);
    });

    for (const [state, status, enter] of [
      ['over_limit', overLimit, addFault('over_limit')],
      ['unavailable', 503, addFault('unavailable')],
      ['disabled', 503, disable],
    ] as const)
      it(`gets ${status} with a wait and keeps its events while it is ${state}`, async () => {
        const project = await api.addProject();
        await enter(project);
        const answer = await send(project.clientKey);
        assert.equal(answer.status, status, answer.text);
        const wait = Number(answer.headers.get('retry-after'));
        assert.ok(wait >= 1 && wait <= 300, `${wait}`);
        assert.deepEqual(await project.list(), []);
      });
  });
}

function addFault(fault: Fault) {
  return async ({ faults }: SdkProject): Promise<void> => {
    faults.push(fault);
  };
}

async function disable({ serverKey, keyId }: SdkProject): Promise<void> {
  await api.call('PATCH', `/v1/api-keys/${keyId}`, { key: serverKey, body: { disabled: true } });
}

it('lets web pages send the headers of these SDKs', async () => {
  for (const { path, headersOf } of Object.values(SDKS)) {
    const [name = ''] = Object.keys(headersOf('')).slice(-1);
    const headers = {
      origin: 'https://example.com',
      'access-control-request-method': 'POST',
      'access-control-request-headers': `content-type,${name}`,
    };
    const answer = await api.call('OPTIONS', path, { headers });
    assert.equal(answer.status, 204, path);
    const allowed = answer.headers.get('access-control-allow-headers')?.toLowerCase().split(', ');
    assert.ok(allowed?.includes(name), `${path}: ${allowed}`);
  }
});

it('refuses a message of Jitsu of an unknown type', async () => {
  const { clientKey } = await api.addProject();
  const answer = await api.call('POST', '/api/s/other', { body: {}, headers: { 'x-write-key': clientKey } });
  assert.equal(answer.status, 400);
});

it('links the two IDs in every message of Jitsu, and counts no duplicates for the link', async () => {
  const { clientKey, serverKey } = await api.addProject();
  const headers = { 'x-write-key': clientKey };
  for (const messageId of ['m-1', 'm-2']) {
    const body = { event: 'purchase', userId: 'user_1', anonymousId: 'anon_1', messageId };
    assert.equal((await api.call('POST', '/api/s/track', { body, headers })).body.duplicates, 0);
  }
  const { body } = await api.call('GET', '/v1/users/anon_1', { key: serverKey });
  assert.deepEqual(body.ids.sort(), ['anon_1', 'user_1']);
});

type Stored = { event_name: string; properties?: Record<string, unknown> };

it('stores an event of Aptabase once that is sent again at another place of a batch, and equal ones as often as they are sent', async () => {
  const { clientKey, list } = await api.addProject();
  const headers = { 'app-key': `A-SH-${clientKey}` };
  const [a, b] = ['a', 'b'].map((eventName) => ({ eventName, sessionId: '1', timestamp: TIME }));
  for (const body of [[b, b], [a, b, b], [b], [a, a]])
    assert.equal((await api.call('POST', '/api/v0/events', { body, headers })).status, 200);
  assert.deepEqual((await list()).map(({ event_name }) => event_name).sort(), ['a', 'a', 'b', 'b']);
});

for (const value of ['SECRET:CLIENT', 'CLIENT:SECRET', 'SECRET:x'])
  it(`refuses a secret key beside the client key in a header: ${value}`, async () => {
    const { clientKey, serverKey } = await api.addProject();
    const key = value.replace('SECRET', serverKey).replace('CLIENT', clientKey);
    const body = { event: 'purchase', userId: 'user_1', messageId: 'e-1' };
    const { status } = await api.call('POST', '/api/s/track', { body, headers: { 'x-write-key': key } });
    assert.equal(status, 401);
  });

it('ignores recordings of OpenPanel', async () => {
  const { clientKey, list } = await api.addProject();
  const body = { type: 'replay', payload: { chunk_index: 0, payload: '[]' } };
  const headers = { 'openpanel-client-id': clientKey };
  const answer = await api.call('POST', '/track', { body, headers });
  assert.deepEqual([answer.body.ignored, answer.body.rejected], [1, 0]);
  assert.deepEqual(await list(), []);
});

it('marks the events of a debug build of Aptabase', async () => {
  const { clientKey, list } = await api.addProject();
  const headers = { 'app-key': `A-SH-${clientKey}` };
  const event = { sessionId: '1', timestamp: TIME, props: { plan: 'pro' } };
  const body = [
    { ...event, eventName: 'a', systemProps: { isDebug: true } },
    { ...event, eventName: 'b', systemProps: { isDebug: false } },
  ];
  assert.equal((await api.call('POST', '/api/v0/events', { body, headers })).status, 200);
  const stored = ((await list()) as Stored[])
    .map(({ event_name, properties }) => [event_name, properties?.$debug])
    .sort();
  assert.deepEqual(stored, [
    ['a', true],
    ['b', undefined],
  ]);
});
