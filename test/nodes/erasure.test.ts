import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { HOUR_MS } from '../../src/lib/durations.ts';
import { makeCluster, type TestNode } from '../support/nodes.ts';
import { runOnServer } from '../support/postgres.ts';
import { until } from '../support/until.ts';

const cluster = await makeCluster();
const { server_key: key } = cluster.project;

let made = 0;
/** Events of someone who is not erased. */
let kept = 0;

const makeEvents = (app_user_id: string, timestamp: number) =>
  Array.from({ length: 3 }, () => ({
    ...{ event_id: `e${made++}`, event_name: 'app_open', app_user_id },
    timestamp: new Date(timestamp).toISOString(),
  }));

const send = (node: TestNode, events: readonly object[]) =>
  node.call('POST', '/v1/events', { key, body: { events } });

/** Sends events of someone who stays until they are acknowledged. */
async function keep(node: TestNode): Promise<void> {
  const events = makeEvents('stays', Date.now());
  await until('acknowledged', async () => (await send(node, events)).status === 200);
  kept += events.length;
}

/** Sends events until `isOver`, also of someone who is being erased, which are dated before that. */
async function load(node: TestNode, erased: string, isOver: () => boolean): Promise<void> {
  const before = Date.now() - HOUR_MS;
  while (!isOver()) {
    await keep(node);
    await send(node, makeEvents(erased, before));
  }
}

/** Requests an erasure, on another node if this one ends before it answers, and returns its ID. */
async function erase(node: TestNode, other: TestNode, user: string): Promise<string> {
  const request = (to: TestNode) => to.call('DELETE', `/v1/users/${user}`, { key }).catch(() => undefined);
  const answer = (await request(node)) ?? (await request(other));
  assert.ok(answer && [200, 202].includes(answer.status), answer?.text);
  return answer.body.id;
}

async function requireGone(nodes: readonly TestNode[], erasures: ReadonlyMap<string, string>): Promise<void> {
  const [first] = nodes as [TestNode];
  for (const [user, id] of erasures)
    await until(`${user} is erased`, async () => {
      const { body } = await first.call('GET', `/v1/erasures/${id}`, { key });
      return body.status === 'done';
    });
  for (const node of nodes) {
    for (const user of erasures.keys()) {
      assert.equal((await node.call('GET', `/v1/users/${user}`, { key })).status, 404);
      const { body } = await node.call('GET', `/v1/events?app_user_id=${user}`, { key });
      assert.deepEqual(body.data, [], user);
    }
    const { body } = await node.call('GET', '/v1/analytics/daily?days=2&metrics=events', { key });
    const events = body.data.reduce((sum: number, day: { events: number }) => sum + day.events, 0);
    assert.equal(events, kept);
  }
  const [user = ''] = erasures.keys();
  const { body } = await send(first, makeEvents(user, Date.now() - HOUR_MS));
  assert.equal(body.accepted, 0);
}

const DELAYS_MS = [0, 20, 60, 150, 400];

it('is carried out on all nodes when it is requested before, during or after a handover, and loses nothing else', async () => {
  const [first, second, third] = [await cluster.start(), await cluster.start(), await cluster.start()];
  await keep(first);
  const users = DELAYS_MS.map((ms) => `gone_${ms}`);
  for (const user of users) assert.equal((await send(second, makeEvents(user, Date.now()))).body.accepted, 3);
  let isOver = false;
  const loads = users.map((user, index) => load(index % 2 === 0 ? second : third, user, () => isOver));
  await setTimeout(500);
  const before = erase(first, second, 'gone_0');
  const startedMs = performance.now();
  const stopping = first.stop().then((code) => [code, performance.now() - startedMs] as const);
  const during = DELAYS_MS.slice(1).map(async (ms, index) => {
    await setTimeout(ms);
    return await erase(index % 2 === 0 ? first : second, third, `gone_${ms}`);
  });
  const ids = await Promise.all([before, ...during]);
  const [code, stoppedMs] = await stopping;
  assert.equal(code, 0);
  assert.ok(stoppedMs < 4_000, `${stoppedMs} ms`);
  await setTimeout(1_500);
  isOver = true;
  await Promise.all(loads);
  await requireGone([second, third], new Map(users.map((user, index) => [user, ids[index] ?? ''])));

  // The same when the node is killed in the middle of it.
  const { nodeUrl } = await cluster.findOwner();
  const [owner, other] = nodeUrl === second.nodeUrl ? [second, third] : [third, second];
  assert.equal((await send(other, makeEvents('gone_kill', Date.now()))).body.accepted, 3);
  const killed = erase(other, other, 'gone_kill');
  await setTimeout(30);
  await owner.kill();
  await runOnServer(["UPDATE leases SET until = 1 WHERE name = 'events'"], cluster.env.DATABASE_URL);
  await requireGone([other], new Map([['gone_kill', await killed]]));
});
