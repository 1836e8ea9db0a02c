import assert from 'node:assert/strict';
import { it } from 'node:test';
import { BATCH_BYTES_MAX } from '../../src/events/ingest/ingest.ts';
import { EVENTS_PER_BATCH_MAX } from '../../src/limits/policies.ts';
import { makeCluster } from '../support/nodes.ts';
import { until } from '../support/until.ts';

const cluster = await makeCluster();
const { server_key: key } = cluster.project;
const owner = await cluster.start();
await cluster.findOwner();
const other = await cluster.start();

let made = 0;
/** Returns a batch of as many events as one may have, and of as many bytes. */
function makeBatch(): { events: { event_id: string; properties: { text: string } }[] } {
  const events = Array.from({ length: EVENTS_PER_BATCH_MAX }, () => ({
    ...{ event_id: `e${made++}`, event_name: 'app_open', app_user_id: 'user_1' },
    properties: { text: '' },
  }));
  const room = BATCH_BYTES_MAX - JSON.stringify({ events }).length;
  for (const event of events) event.properties.text = 'x'.repeat(Math.floor(room / events.length));
  return { events };
}

it('stores the largest batches that several clients send at the same time to a node that does not store events', async () => {
  const batches = Array.from({ length: 8 }, makeBatch);
  assert.ok(JSON.stringify(batches[0]).length > BATCH_BYTES_MAX - EVENTS_PER_BATCH_MAX);
  const sending = batches.map(async (body) => {
    let accepted = 0;
    // The node may be short of memory for so many at the same time.
    await until('it is stored', async () => {
      const answer = await other.call('POST', '/v1/events', { key, body });
      assert.ok([200, 503].includes(answer.status), answer.text);
      if (answer.status === 200) accepted = answer.body.accepted + answer.body.duplicates;
      return answer.status === 200;
    });
    return accepted;
  });
  assert.deepEqual(
    await Promise.all(sending),
    batches.map(() => EVENTS_PER_BATCH_MAX),
  );
  for (const node of [owner, other]) {
    const { body } = await node.call('GET', '/v1/analytics/daily?days=2&metrics=events', { key });
    const events = body.data.reduce((sum: number, day: { events: number }) => sum + day.events, 0);
    assert.equal(events, made);
  }
});

it('refuses a larger one there, and continues', async () => {
  const { events } = makeBatch();
  const [event = { properties: { text: '' } }] = events;
  event.properties.text += 'x'.repeat(EVENTS_PER_BATCH_MAX);
  const answer = await other.call('POST', '/v1/events', { key, body: { events } });
  assert.equal(answer.status, 413, answer.text);
  const sent = await other.call('POST', '/v1/events', { key, body: makeBatch() });
  assert.equal(sent.body.accepted, EVENTS_PER_BATCH_MAX, sent.text);
});
