import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { NEEDS_REDIS, startRedis } from '../limits/redis/redis-server.ts';
import { cleanUp } from '../support/clean-up.ts';
import { makeCluster, type TestNode } from '../support/nodes.ts';
import { until } from '../support/until.ts';

describe('several nodes with one Redis', NEEDS_REDIS, async () => {
  if (NEEDS_REDIS.skip) return;
  const redis = await startRedis();
  cleanUp(redis[Symbol.asyncDispose]);
  const cluster = await makeCluster({ REDIS_URL: redis.url, APPFLOW_LIMIT_MANAGEMENT: '1/30' });
  const { server_key: key } = cluster.project;
  const nodes = [await cluster.start(), await cluster.start(), await cluster.start()];
  const [a, b, c] = nodes as [TestNode, TestNode, TestNode];

  let made = 0;
  async function send(node: TestNode, more: Record<string, unknown> = {}): Promise<string> {
    const event_id = `e${made++}`;
    const event = { event_id, event_name: 'app_open', app_user_id: 'user_1', ...more };
    let text = '';
    await until('it is stored', async () => {
      const answer = await node.call('POST', '/v1/events', { key, body: { events: [event] } });
      text = JSON.stringify(answer.body.rejected);
      return answer.status === 200;
    });
    return text;
  }

  it('refuse a key within a second after another node has revoked it', async () => {
    const { body: created } = await a.call('POST', '/v1/api-keys', {
      key,
      body: { name: 'Other', type: 'server', scopes: ['events:read'] },
    });
    const ask = (node: TestNode) => node.call('GET', '/v1/api-keys/self', { key: created.key });
    for (const node of nodes) await until('it is known', async () => (await ask(node)).status === 200);
    assert.equal((await a.call('DELETE', `/v1/api-keys/${created.id}`, { key })).status, 200);
    await setTimeout(1_000);
    assert.deepEqual(
      (await Promise.all(nodes.map(ask))).map(({ status }) => status),
      [401, 401, 401],
    );
  });

  it('enforce a limit together, exactly', async () => {
    const { body: created } = await a.call('POST', '/v1/api-keys', {
      key,
      body: { name: 'Limited', type: 'server', scopes: ['apps:read'] },
    });
    let passed = 0;
    const ask = async (node: TestNode) => {
      const { status } = await node.call('GET', '/v1/apps', { key: created.key });
      assert.ok([200, 401, 429].includes(status), String(status));
      if (status === 200) passed += 1;
      return status;
    };
    const startedMs = performance.now();
    for (const node of nodes) await until('it is known', async () => (await ask(node)) === 200);
    await Promise.all(Array.from({ length: 90 }, (_, index) => ask(nodes[index % 3] ?? a)));
    const refilled = Math.ceil((performance.now() - startedMs) / 1_000);
    assert.ok(passed >= 30 && passed <= 30 + refilled, `${passed} passed in ${refilled} s`);
  });

  it('link IDs, erase a person and refuse their events from then on, whichever node is asked', async () => {
    await send(a, { app_user_id: 'ann_anon' });
    await send(b, {
      event_name: '$identify',
      app_user_id: 'ann_1',
      properties: { anonymous_id: 'ann_anon' },
    });
    for (const node of nodes) {
      const { body } = await node.call('GET', '/v1/users/ann_anon', { key });
      assert.equal(body.app_user_id, 'ann_1', JSON.stringify(body));
    }
    const at = new Date(Date.now() - 60_000).toISOString();
    const erasure = await c.call('DELETE', '/v1/users/ann_1', { key });
    assert.ok([200, 202].includes(erasure.status), erasure.text);
    await until('the person is erased', async () => {
      const { body } = await c.call('GET', `/v1/erasures/${erasure.body.id}`, { key });
      return body.status === 'done';
    });
    for (const node of [c, b, a]) {
      assert.match(await send(node, { app_user_id: 'ann_1', timestamp: at }), /user_erased/);
      assert.equal((await node.call('GET', '/v1/users/ann_anon', { key })).status, 404);
    }
  });
});
