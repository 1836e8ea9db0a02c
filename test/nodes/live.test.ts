import assert from 'node:assert/strict';
import { it } from 'node:test';
import { openStream } from '../support/event-stream.ts';
import { makeCluster, type TestNode } from '../support/nodes.ts';
import { until } from '../support/until.ts';

const cluster = await makeCluster();
const { server_key: key } = cluster.project;
const nodes = [await cluster.start(), await cluster.start(), await cluster.start()];

let made = 0;
async function send(node: TestNode): Promise<string> {
  const event_id = `e${made++}`;
  const events = [{ event_id, event_name: 'app_open', app_user_id: 'user_1' }];
  // Sent again while the lease moves, as clients do.
  await until('it is stored', async () => {
    const answer = await node.call('POST', '/v1/events', { key, body: { events } });
    if (answer.status === 200) assert.equal(answer.body.accepted, 1, answer.text);
    return answer.status === 200;
  });
  return event_id;
}

it('shows on each node the events of every node within a second', async () => {
  for (const node of nodes) await send(node);
  const readers = await Promise.all(nodes.map(({ url }) => openStream(url, key)));
  for (let round = 0; round < 20; round += 1) {
    for (const node of nodes) {
      const sentAtMs = performance.now();
      const id = await send(node);
      const found = await Promise.all(readers.map((reader) => reader.events(1)));
      for (const [message] of found) {
        assert.equal(message?.data.event_id, id);
        assert.ok(message.at - sentAtMs < 1_000, `${message.at - sentAtMs} ms`);
      }
    }
  }
  for (const reader of readers) reader.close();
});

it('continues a stream on another node after the last event, and open streams when the lease moves, without gaps', async () => {
  const [first, second, third] = nodes as [TestNode, TestNode, TestNode];
  const before = await openStream(first.url, key);
  const sent = [await send(second)];
  const [message] = await before.events(1);
  assert.equal(message?.data.event_id, sent[0]);
  const readers = await Promise.all(
    [second, third].map(({ url }) => openStream(url, key, { lastEventId: before.lastId() })),
  );
  before.close();
  const stopping = first.stop();
  const expected: string[] = [];
  for (let count = 0; count < 30; count += 1) expected.push(await send(count % 2 === 0 ? second : third));
  assert.equal(await stopping, 0);
  for (const reader of readers) {
    const found = await reader.events(expected.length);
    assert.deepEqual(
      found.map(({ data }) => data.event_id),
      expected,
    );
    reader.close();
  }
});
