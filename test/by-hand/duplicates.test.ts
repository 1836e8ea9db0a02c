import assert from 'node:assert/strict';
import { it } from 'node:test';
import { makeCluster } from '../support/nodes.ts';
import { until } from '../support/until.ts';

const BATCHES = 10_000;
/** Batches that are sent at the same time. */
const PARALLEL = 4;

it(`counts each of ${BATCHES} batches once that two nodes get at the same instant`, async () => {
  const cluster = await makeCluster();
  const { server_key: key } = cluster.project;
  const nodes = [await cluster.start(), await cluster.start()];
  await cluster.findOwner();
  const send = (batch: number) =>
    nodes.map((node) =>
      node.call('POST', '/v1/events', {
        key,
        body: {
          events: [0, 1].map((index) => ({
            event_id: `e${batch}-${index}`,
            event_name: 'app_open',
            app_user_id: `user_${batch % 50}`,
          })),
        },
      }),
    );
  let next = 0;
  const run = async () => {
    for (let batch = next++; batch < BATCHES; batch = next++) {
      const [one, other] = (await Promise.all(send(batch))).map(({ body }) => body);
      assert.deepEqual([one.accepted + other.accepted, one.duplicates + other.duplicates], [2, 2]);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, run));
  for (const node of nodes)
    await until('both have them', async () => {
      const { body } = await node.call('GET', '/v1/analytics/daily?days=2&metrics=events', { key });
      const events = body.data.reduce((sum: number, day: { events: number }) => sum + day.events, 0);
      assert.ok(events <= 2 * BATCHES, String(events));
      return events === 2 * BATCHES;
    });
});
