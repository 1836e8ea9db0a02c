import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Answer } from '../support/harness.ts';
import { type SdkProject, startSdkServer } from './sdk-server.ts';

// What each dialect answers in each state. One SDK waits where another deletes: see docs/guides/sdks.md.

const api = await startSdkServer();

type Sent = { path: string; body: (key: string, events: object[]) => object; event: object };

const DIALECTS: Record<string, Sent> = {
  PostHog: {
    path: '/batch/',
    body: (api_key, batch) => ({ api_key, batch }),
    event: { event: 'purchase', distinct_id: 'user_1', uuid: 'e-1' },
  },
  Segment: {
    path: '/v1/b',
    body: (writeKey, batch) => ({ batch, writeKey }),
    event: { type: 'track', event: 'purchase', userId: 'user_1', messageId: 'e-1' },
  },
  Amplitude: {
    path: '/2/httpapi',
    body: (api_key, events) => ({ api_key, events }),
    event: { event_type: 'purchase', user_id: 'user_1', insert_id: 'e-1' },
  },
};

/** Status, and `Retry-After` or the least of it, by state. */
const STATES: Record<string, Record<string, [status: number, waitMin?: number]>> = {
  PostHog: {
    bad_key: [401],
    over_limit: [503, 60],
    unavailable: [503, 1],
    disabled: [503, 300],
    too_large: [413],
    unreadable: [400],
  },
  Segment: {
    bad_key: [401],
    over_limit: [429, 1],
    unavailable: [503, 1],
    disabled: [503, 300],
    too_large: [413],
    unreadable: [400],
  },
  Amplitude: {
    bad_key: [400],
    over_limit: [429, 1],
    unavailable: [503, 1],
    disabled: [503, 300],
    too_large: [413],
    unreadable: [400],
  },
};

const flip = (key: string) => key.slice(0, -1) + (key.endsWith('0') ? '1' : '0');

for (const [name, { path, body, event }] of Object.entries(DIALECTS)) {
  const send = (key: string, events: object[] = [event]) =>
    api.call('POST', path, { body: body(key, events) });

  /** Brings about a state and returns the answer to a batch in it. */
  const enter: Record<string, (project: SdkProject) => Promise<Answer>> = {
    bad_key: ({ clientKey }) => send(flip(clientKey)),
    async over_limit({ clientKey, faults }) {
      faults.push('over_limit');
      return send(clientKey);
    },
    async unavailable({ clientKey, faults }) {
      faults.push('unavailable');
      return send(clientKey);
    },
    async disabled({ clientKey, serverKey, keyId }) {
      const options = { key: serverKey, body: { disabled: true } };
      await api.call('PATCH', `/v1/api-keys/${keyId}`, options);
      return send(clientKey);
    },
    too_large: ({ clientKey }) => send(clientKey, Array(2_001).fill(event)),
    unreadable: ({ clientKey }) => api.call('POST', path, { body: `{"x": ${clientKey.slice(0, 2)}` }),
  };

  describe(`the dialect of ${name}`, () => {
    for (const [state, [status, waitMin]] of Object.entries(STATES[name] ?? {})) {
      it(`answers ${status}${waitMin ? `, wait ${waitMin} s or more` : ''} for ${state}, and stores nothing`, async () => {
        const project = await api.addProject();
        const answer = await enter[state]?.(project);
        assert.equal(answer?.status, status, answer?.text);
        const wait = answer?.headers.get('retry-after');
        if (waitMin === undefined) assert.equal(wait, null);
        else assert.ok(Number(wait) >= waitMin && Number(wait) <= 300, `${wait}`);
        assert.deepEqual(await project.list(), []);
      });
    }

    it('stores an event once that is sent again, compressed without saying so', async () => {
      const { clientKey, list } = await api.addProject();
      const text = JSON.stringify(body(clientKey, [event]));
      const headers = { 'content-type': 'text/plain' };
      for (const bytes of [text, gzipSync(text)]) {
        const answer = await api.call('POST', path, { body: bytes, headers });
        assert.equal(answer.status, 200, answer.text);
      }
      assert.equal((await list()).length, 1);
    });

    it('refuses a secret key in the body, and treats it as leaked', async () => {
      const { clientKey, serverKey } = await api.addProject();
      const { status } = await send(serverKey);
      assert.equal(status, STATES[name]?.bad_key?.[0]);
      const revoked = await api.call('GET', '/v1/apps', { key: serverKey });
      assert.deepEqual([revoked.status, revoked.body.code], [401, 'api_key_revoked']);
      assert.equal((await send(clientKey)).status, 200, 'the client key still works');
    });
  });
}

it('Amplitude: lists the events that are not valid, and stores the others', async () => {
  const { clientKey, serverKey, list } = await api.addProject();
  const events = [
    { event_type: 'a', user_id: 'user_1', insert_id: '1' },
    { event_type: 'b', insert_id: '2' },
  ];
  const { status, body } = await api.call('POST', '/2/httpapi', { body: { api_key: clientKey, events } });
  assert.equal(status, 400);
  assert.deepEqual(body.events_with_invalid_fields, { app_user_id: [1] });
  assert.equal((await list()).length, 1);
  const { body: counts } = await api.call('GET', '/v1/ingestion', { key: serverKey });
  const [{ accepted, rejected, refused }] = counts.data;
  assert.deepEqual([accepted, rejected, refused], [1, 1, 0], 'the batch was not refused as a whole');
});

it('Amplitude: names a key that is not valid as its SDKs expect it', async () => {
  const { body } = await api.call('POST', '/2/httpapi', { body: { api_key: 'nonsense', events: [] } });
  assert.deepEqual(body, { code: 400, error: 'Invalid API key: nonsense' });
});

it('Segment: sends the mobile SDKs back to the host that they used, with their key', async () => {
  const { clientKey } = await api.addProject();
  const answer = await fetch(`${api.url}/v1/projects/${clientKey}/settings`);
  const { integrations } = (await answer.json()) as { integrations: Record<string, Record<string, unknown>> };
  const { apiKey, apiHost } = integrations['Segment.io'] ?? {};
  assert.deepEqual([apiKey, apiHost], [clientKey, `${new URL(api.url).host}/v1`]);
});

it('RudderStack: answers its settings for a live key, and 401 only for one that is not', async () => {
  const { clientKey } = await api.addProject();
  const ask = (key: string) =>
    fetch(`${api.url}/sourceConfig?p=android`, {
      headers: { authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` },
    });
  const { source } = (await (await ask(clientKey)).json()) as { source: Record<string, unknown> };
  assert.deepEqual([source.writeKey, source.enabled, source.destinations], [clientKey, true, []]);
  assert.equal((await ask(flip(clientKey))).status, 401);
});

it('PostHog: answers that there are no flags, whatever the body', async () => {
  const { status, body } = await api.call('POST', '/flags/?v=2', { body: 'token' });
  assert.deepEqual([status, body.flags, body.errorsWhileComputingFlags], [200, {}, false]);
});

it('PostHog: takes events of browsers in a form, and answers a beacon without a body', async () => {
  const { clientKey, list } = await api.addProject();
  const event = { event: '$pageview', properties: { token: clientKey, distinct_id: 'user_1' } };
  const data = encodeURIComponent(Buffer.from(JSON.stringify(event)).toString('base64'));
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const { status } = await api.call('POST', '/e/?ip=1&beacon=1', { body: `data=${data}`, headers });
  assert.equal(status, 204);
  assert.deepEqual(
    (await list()).map(({ event_name }) => event_name),
    ['page_view'],
  );
});

describe('a batch at /batch with the key in a header', () => {
  for (const [name, toBody, wait] of [
    ['PostHog', (batch: object[]) => ({ batch }), /^300$/],
    ['Amplitude', (events: object[]) => ({ events }), /^[1-5]$/],
  ] as const)
    it(`is refused as ${name} expects it, by its body`, async () => {
      const { clientKey, faults } = await api.addProject();
      faults.push('unavailable');
      const event = { ...DIALECTS.PostHog?.event, ...DIALECTS.Amplitude?.event };
      const { status, headers } = await api.call('POST', '/batch', { key: clientKey, body: toBody([event]) });
      assert.equal(status, 503);
      assert.match(headers.get('retry-after') ?? '', wait);
    });
});
