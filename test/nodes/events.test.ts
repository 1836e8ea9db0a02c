import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeCluster } from '../support/nodes.ts';
import { until } from '../support/until.ts';

const cluster = await makeCluster();
const { server_key: key } = cluster.project;
const nodes = [await cluster.start(), await cluster.start(), await cluster.start()];
const [a, b, c] = nodes as [(typeof nodes)[0], (typeof nodes)[0], (typeof nodes)[0]];

let made = 0;
const makeEvents = (count: number) =>
  Array.from({ length: count }, () => ({
    event_id: `e${made++}`,
    event_name: 'app_open',
    app_user_id: `user_${made % 7}`,
  }));
const send = (node: (typeof nodes)[0], events: unknown[]) =>
  node.call('POST', '/v1/events', { key, body: { events } });

describe('several nodes', () => {
  it('store events whichever node gets them, soon after they start', async () => {
    for (const node of nodes) {
      const events = makeEvents(3);
      await until('they are stored', async () => (await send(node, events)).status === 200);
    }
    const { body } = await c.call('GET', '/v1/events?limit=100', { key });
    assert.equal(body.data.length, made);
  });

  it('count a batch once that two nodes get at the same instant', async () => {
    for (let round = 0; round < 100; round += 1) {
      const events = makeEvents(5);
      const answers = await Promise.all([send(a, events), send(b, events), send(c, events)]);
      const accepted = answers.reduce((sum, { body }) => sum + body.accepted, 0);
      const duplicates = answers.reduce((sum, { body }) => sum + body.duplicates, 0);
      assert.deepEqual([accepted, duplicates], [5, 10], JSON.stringify(answers.map(({ body }) => body)));
    }
  });

  it('see in every query what another node has just acknowledged', async () => {
    for (let round = 0; round < 20; round += 1) {
      const [from, to] = [nodes[round % 3] ?? a, nodes[(round + 1) % 3] ?? b];
      assert.equal((await send(from, makeEvents(2))).body.accepted, 2);
      const { body } = await to.call('GET', '/v1/analytics/daily?days=2&metrics=events', { key });
      const events = body.data.reduce((sum: number, day: { events: number }) => sum + day.events, 0);
      assert.equal(events, made);
    }
  });
});
