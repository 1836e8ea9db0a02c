import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { makeCluster, type TestNode } from '../support/nodes.ts';
import { until } from '../support/until.ts';

const cluster = await makeCluster();
const { server_key: key } = cluster.project;

let made = 0;
const acknowledged: string[] = [];

/** Sends batches until `isOver`, each again until it is acknowledged, as a client does that keeps its events. */
async function load(node: TestNode, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const ids = Array.from({ length: 10 }, () => `e${made++}`);
    const events = ids.map((event_id) => ({
      event_id,
      event_name: 'app_open',
      app_user_id: `user_${event_id.slice(-2)}`,
    }));
    await until('a batch is acknowledged', async () => {
      const answer = await node.call('POST', '/v1/events', { key, body: { events } });
      assert.ok([200, 503].includes(answer.status), answer.text);
      if (answer.status === 503) await setTimeout(100);
      return answer.status === 200;
    });
    acknowledged.push(...ids);
  }
}

async function requireEachOnce(node: TestNode): Promise<void> {
  const { body } = await node.call('GET', '/v1/analytics/daily?days=2&metrics=events', { key });
  const events = body.data.reduce((sum: number, day: { events: number }) => sum + day.events, 0);
  assert.equal(events, acknowledged.length);
  const again = acknowledged
    .slice(-100)
    .map((event_id) => ({ event_id, event_name: 'app_open', app_user_id: 'user_x' }));
  const answer = await node.call('POST', '/v1/events', { key, body: { events: again } });
  assert.deepEqual([answer.body.accepted, answer.body.duplicates], [0, again.length]);
}

it('stores each event once when the node that stores them is killed or frozen: the others answer 503 until the lease ends', async () => {
  let owner = await cluster.start();
  const others = [await cluster.start(), await cluster.start()];
  for (const end of ['SIGKILL', 'SIGSTOP'] as const) {
    let isOver = false;
    const loads = others.map((node) => load(node, () => isOver));
    await setTimeout(3_000);
    const before = acknowledged.length;
    assert.ok(before > 0);
    owner.child.kill(end);
    const startedMs = performance.now();
    await setTimeout(1_000);
    const { status, headers } = await (others[0] as TestNode).call('POST', '/v1/events', {
      key,
      body: { events: [{ event_id: `probe_${end}`, event_name: 'app_open', app_user_id: 'user_x' }] },
    });
    assert.equal(status, 503);
    assert.ok(Number(headers.get('retry-after')) >= 1);
    const { status: querying } = await (others[1] as TestNode).call('GET', '/v1/analytics/live', { key });
    assert.equal(querying, 200, 'queries are answered meanwhile');
    let stalledAt = acknowledged.length;
    await until('events are stored again', async () => {
      await setTimeout(500);
      return acknowledged.length > stalledAt + 20;
    });
    const tookMs = performance.now() - startedMs;
    assert.ok(tookMs < 75_000, `${end}: ${tookMs} ms`);
    stalledAt = acknowledged.length;
    isOver = true;
    await Promise.all(loads);
    for (const node of others) await requireEachOnce(node);
    if (end === 'SIGSTOP') {
      owner.child.kill('SIGCONT');
      await until(
        'the frozen node ends',
        () => owner.child.signalCode !== null || owner.child.exitCode !== null,
      );
      for (const node of others) await requireEachOnce(node);
      break;
    }
    // Find the new one: the one of which the lease has the address.
    const { nodeUrl } = await cluster.findOwner();
    owner = others.find((node) => node.nodeUrl === nodeUrl) ?? assert.fail(nodeUrl);
    others.splice(others.indexOf(owner), 1, await cluster.start());
  }
});
