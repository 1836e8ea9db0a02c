import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { makeCluster, type TestNode } from '../support/nodes.ts';
import { until } from '../support/until.ts';

const cluster = await makeCluster();
const { server_key: key } = cluster.project;

let made = 0;
let acknowledged = 0;
let refused = 0;
let longestMs = 0;

/** Sends batches until `isOver`, each again until it is acknowledged. */
async function load(node: TestNode, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const events = Array.from({ length: 5 }, () => {
      made += 1;
      return { event_id: `e${made}`, event_name: 'app_open', app_user_id: `user_${made % 9}` };
    });
    const startedMs = performance.now();
    await until('a batch is acknowledged', async () => {
      const answer = await node.call('POST', '/v1/events', { key, body: { events } });
      assert.ok([200, 503].includes(answer.status), answer.text);
      if (answer.status === 503) {
        refused += 1;
        assert.ok(Number(answer.headers.get('retry-after')) >= 1);
      }
      return answer.status === 200;
    });
    longestMs = Math.max(longestMs, performance.now() - startedMs);
    acknowledged += events.length;
  }
}

async function count(node: TestNode): Promise<number> {
  const { body } = await node.call('GET', '/v1/analytics/daily?days=2&metrics=events', { key });
  return body.data.reduce((sum: number, day: { events: number }) => sum + day.events, 0);
}

it('hands the storing of events over when a node stops under load: every batch is stored once, within seconds', async () => {
  const first = await cluster.start();
  await until('it stores', async () => {
    const events = [{ event_id: 'first', event_name: 'app_open', app_user_id: 'user_1' }];
    return (await first.call('POST', '/v1/events', { key, body: { events } })).status === 200;
  });
  acknowledged += 1;
  const others = [await cluster.start(), await cluster.start()] as const;
  let isOver = false;
  const loads = [...others, ...others].map((node) => load(node, () => isOver));
  await setTimeout(1_500);
  assert.equal(refused, 0);
  const startedMs = performance.now();
  assert.equal(await first.stop(), 0);
  const stoppedMs = performance.now() - startedMs;
  await setTimeout(2_000);
  isOver = true;
  await Promise.all(loads);
  assert.equal(await count(others[0]), acknowledged);
  assert.equal(await count(others[1]), acknowledged);
  assert.ok(acknowledged > 200, String(acknowledged));
  assert.ok(longestMs < 5_000, `${longestMs} ms`);
  process.stdout.write(
    `# handover: ${refused} refused, longest batch ${Math.round(longestMs)} ms, stop ${Math.round(stoppedMs)} ms\n`,
  );
});
