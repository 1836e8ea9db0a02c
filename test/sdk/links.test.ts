import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { initProject, makeClock, readMetric, startTestServer } from '../support/harness.ts';

// The link between two IDs of a person: what else is sent with it must not cost it.

const api = await startTestServer({}, { clock: makeClock() });

const createProject = () => initProject(api.config);
type Project = Awaited<ReturnType<typeof createProject>>;

/** Returns what became of the events of a project. */
async function countEvents({ server_key }: Project) {
  const { body } = await api.call('GET', '/v1/ingestion', { key: server_key });
  const [{ accepted, duplicates, rejected }] = body.data;
  return { accepted, duplicates, rejected };
}

const LINKS: Record<string, [path: string, body: (key: string, traits: object) => object]> = {
  PostHog: [
    '/batch',
    (api_key, $set) => ({
      api_key,
      batch: [
        {
          event: '$identify',
          uuid: 'e-1',
          distinct_id: 'user_1',
          properties: { $anon_distinct_id: 'anon_1', $set },
        },
      ],
    }),
  ],
  Segment: [
    '/v1/batch',
    (writeKey, traits) => ({
      writeKey,
      batch: [{ type: 'identify', messageId: 'e-1', userId: 'user_1', anonymousId: 'anon_1', traits }],
    }),
  ],
  Amplitude: [
    '/2/httpapi',
    (api_key, $set) => ({
      api_key,
      events: [
        {
          event_type: '$identify',
          insert_id: 'e-1',
          user_id: 'user_1',
          device_id: 'anon_1',
          user_properties: { $set },
        },
      ],
    }),
  ],
};

/** Text whose JSON has this many bytes. */
const text = (bytes: number) => 'x'.repeat(bytes - 2);

for (const [name, [path, toBody]] of Object.entries(LINKS)) {
  describe(`the link of ${name}`, () => {
    for (const [bytes, properties, rejected] of [
      [1_024, { plan: 'pro', bio: text(1_024) }, 0],
      [1_025, { plan: 'pro' }, 1],
    ] as const)
      it(`survives a user property of ${bytes} bytes, and counts ${rejected} that are rejected`, async () => {
        const project = await createProject();
        const body = toBody(project.client_key, { plan: 'pro', bio: text(bytes) });
        const answer = await api.call('POST', path, { body });
        // Amplitude's SDKs are answered which events have something that is not valid.
        const isListed = name === 'Amplitude' && rejected > 0;
        assert.equal(answer.status, isListed ? 400 : 200, answer.text);
        const { body: person } = await api.call('GET', '/v1/users/anon_1', { key: project.server_key });
        assert.deepEqual(person.ids?.sort(), ['anon_1', 'user_1']);
        assert.deepEqual(person.properties, properties);
        assert.equal((await countEvents(project)).rejected, rejected);
        const { body: samples } = await api.call('GET', '/v1/ingestion/samples', { key: project.server_key });
        assert.deepEqual(
          samples.data.map(({ field }: { field: string }) => field),
          rejected === 0 ? [] : ['properties.$set.bio'],
        );
      });
  });
}

it('counts a link that each batch of Amplitude repeats once, and events that are repeated as duplicates', async () => {
  const project = await createProject();
  const send = (insert_id: string) => {
    const event = { event_type: 'tap', insert_id, user_id: 'user_1', device_id: 'anon_1' };
    return api.call('POST', '/2/httpapi', { body: { api_key: project.client_key, events: [event] } });
  };
  for (const id of ['e-1', 'e-2', 'e-3']) assert.equal((await send(id)).status, 200);
  assert.deepEqual(await countEvents(project), { accepted: 4, duplicates: 0, rejected: 0 });
  await send('e-3');
  assert.deepEqual(await countEvents(project), { accepted: 4, duplicates: 1, rejected: 0 });
  assert.equal(await readMetric(api, 'appflow_events_total{outcome="duplicate"}'), 1);
});

it('links the IDs by a later event of the batch if the time of the first one is not valid, and rejects that one once', async () => {
  const project = await createProject();
  const eventOf = (insert_id: string, time: unknown) => ({
    ...{ event_type: 'tap', insert_id, user_id: 'user_1', device_id: 'anon_1', time },
  });
  const events = [eventOf('e-1', 'yesterday'), eventOf('e-2', undefined)];
  const answer = await api.call('POST', '/2/httpapi', { body: { api_key: project.client_key, events } });
  assert.equal(answer.status, 400, answer.text);
  assert.deepEqual(answer.body.events_with_invalid_fields, { timestamp: [0] });
  const { body: person } = await api.call('GET', '/v1/users/anon_1', { key: project.server_key });
  assert.deepEqual(person.ids?.sort(), ['anon_1', 'user_1']);
  assert.deepEqual(await countEvents(project), { accepted: 2, duplicates: 0, rejected: 1 });
});
