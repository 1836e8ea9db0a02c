import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { DAY_MS } from '../../src/lib/durations.ts';
import { makeCluster, type TestNode } from '../support/nodes.ts';
import { until } from '../support/until.ts';

const cluster = await makeCluster();
const { server_key: key, app_id } = cluster.project;
const nodes = [await cluster.start(), await cluster.start()];
const [owner, other] = nodes as [TestNode, TestNode];
await cluster.findOwner();

let made = 0;
/** The number of events that were sent per day ago. */
const sent = new Map<number, number>();

async function send(node: TestNode, daysAgo: number, user = `user_${made % 5}`): Promise<void> {
  const timestamp = new Date(Date.now() - daysAgo * DAY_MS).toISOString();
  const event = { event_id: `e${made++}`, event_name: 'app_open', app_user_id: user, timestamp };
  const { body, text } = await node.call('POST', '/v1/events', { key, body: { events: [event] } });
  assert.equal(body.accepted, 1, text);
  sent.set(daysAgo, (sent.get(daysAgo) ?? 0) + 1);
}

const read = async (node: TestNode, more = '') => {
  const path = `/v1/analytics/daily?days=12&metrics=events,dau,sessions${more}`;
  const { body, text } = await node.call('GET', path, { key });
  assert.ok(Array.isArray(body.data), text);
  return body.data as { events: number }[];
};

async function requireSame(more = ''): Promise<void> {
  const [here, there] = await Promise.all([read(owner, more), read(other, more)]);
  assert.deepEqual(there, here);
  if (more !== '') return;
  for (const [daysAgo, count] of sent)
    assert.equal(here.at(-1 - daysAgo)?.events, count, `${daysAgo} days ago`);
}

it('has the same daily numbers on each node while days are rolled up, changed, erased and moved to another time zone', async () => {
  for (let round = 0; round < 8; round += 1) {
    // Days that are new, that are rolled up, and that change again.
    for (const daysAgo of [0, round % 4, 10]) {
      await send(nodes[round % 2] ?? owner, daysAgo);
      await requireSame();
    }
    await setTimeout(round % 2 === 1 ? 3_000 : 300);
    await requireSame();
  }
  await send(other, 3, 'gone_1');
  await requireSame();
  await setTimeout(5_500);
  const erasure = await other.call('DELETE', '/v1/users/gone_1', { key });
  assert.ok([200, 202].includes(erasure.status), erasure.text);
  await until('the person is erased', async () => {
    const { body } = await other.call('GET', `/v1/erasures/${erasure.body.id}`, { key });
    return body.status === 'done';
  });
  sent.set(3, (sent.get(3) ?? 0) - 1);
  await requireSame();
  const { headers } = await owner.call('GET', `/v1/apps/${app_id}`, { key });
  const changed = await owner.call('PATCH', `/v1/apps/${app_id}`, {
    key,
    body: { timezone: 'Asia/Tokyo' },
    headers: { 'if-match': headers.get('etag') ?? '*' },
  });
  assert.equal(changed.status, 200, changed.text);
  await until('both know it', async () => {
    const [here, there] = await Promise.all(
      nodes.map((node) => node.call('GET', `/v1/analytics/daily?days=2&metrics=events`, { key })),
    );
    return here?.body.meta.timezone === 'Asia/Tokyo' && there?.body.meta.timezone === 'Asia/Tokyo';
  });
  for (let round = 0; round < 6; round += 1) {
    await requireSame('&timezone=Asia/Tokyo');
    await setTimeout(800);
  }
});
