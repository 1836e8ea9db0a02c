import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { initProject, makeClock, startTestServer } from '../support/harness.ts';

// SDKs send up to 2,000 events together, twice as many as a batch of ours.

const clock = makeClock();
const api = await startTestServer({ APPFLOW_LIMIT_EVENTS: '1/3000' }, { clock });

type Send = (key: string, ids: readonly string[]) => [path: string, body: object];

const DIALECTS: Record<string, Send> = {
  PostHog: (api_key, ids) => [
    '/batch',
    { api_key, batch: ids.map((uuid) => ({ event: 'tap', uuid, distinct_id: 'user_1' })) },
  ],
  Segment: (writeKey, ids) => [
    '/v1/batch',
    {
      writeKey,
      batch: ids.map((messageId) => ({ type: 'track', event: 'tap', messageId, userId: 'user_1' })),
    },
  ],
  Amplitude: (api_key, ids) => [
    '/2/httpapi',
    {
      api_key,
      events: ids.map((insert_id) => ({
        event_type: 'tap',
        insert_id,
        user_id: insert_id === 'bad' ? '' : 'u',
      })),
    },
  ],
};

const idsOf = (count: number) => Array.from({ length: count }, (_, index) => `e-${index}`);

for (const [name, toRequest] of Object.entries(DIALECTS)) {
  const send = (key: string, ids: readonly string[]) => {
    const [path, body] = toRequest(key, ids);
    return api.call('POST', path, { body });
  };

  describe(`a batch of ${name}`, () => {
    it('stores 2,000 events, of which the limits count all', async () => {
      const { client_key, server_key } = await initProject(api.config);
      const { status, text, headers } = await send(client_key, idsOf(2_000));
      assert.equal(status, 200, text);
      assert.match(headers.get('ratelimit') ?? '', /"events";r=1000/);
      const { body } = await api.call('GET', '/v1/ingestion', { key: server_key });
      assert.deepEqual([body.data[0].accepted, body.data[0].duplicates], [2_000, 0]);
    });

    it('is refused with 413 if it has 2,001', async () => {
      const { client_key } = await initProject(api.config);
      assert.equal((await send(client_key, idsOf(2_001))).status, 413);
    });
  });
}

it('lists the positions of events that are not valid in both halves of what Amplitude sent', async () => {
  const { client_key, server_key } = await initProject(api.config);
  const ids = idsOf(1_500).map((id, index) => (index === 7 || index === 1_400 ? 'bad' : id));
  const [path, body] = DIALECTS.Amplitude?.(client_key, ids) ?? [];
  const answer = await api.call('POST', String(path), { body });
  assert.equal(answer.status, 400, answer.text);
  assert.deepEqual(answer.body.events_with_invalid_fields, { app_user_id: [7, 1_400] });
  const { body: counts } = await api.call('GET', '/v1/ingestion', { key: server_key });
  assert.deepEqual([counts.data[0].accepted, counts.data[0].rejected], [1_498, 2]);
});

it('lists an event of Amplitude once that becomes two which are not valid', async () => {
  const { client_key } = await initProject(api.config);
  const event = { event_type: 'tap', insert_id: 'e-1', user_id: 'u'.repeat(2_000), device_id: 'd-1' };
  const body = { api_key: client_key, events: [event, { ...event, insert_id: 'e-2', user_id: 'u' }] };
  const answer = await api.call('POST', '/2/httpapi', { body });
  assert.equal(answer.status, 400, answer.text);
  assert.deepEqual(answer.body.events_with_invalid_fields, { app_user_id: [0] });
});

it('stores all traits of a person that do not fit in one event, and none twice', async () => {
  const { client_key } = await initProject(api.config);
  const traits = Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [`n${index}`, 'x'.repeat(900)]),
  );
  const message = { type: 'identify', messageId: 'e-1', userId: 'user_1', anonymousId: 'anon_1', traits };
  const body = { writeKey: client_key, batch: [message] };
  const first = await api.call('POST', '/v1/batch', { body });
  assert.deepEqual([first.body.accepted, first.body.rejected], [5, 0], first.text);
  const again = await api.call('POST', '/v1/batch', { body });
  assert.deepEqual([again.body.accepted, again.body.duplicates], [0, 5], again.text);
});
