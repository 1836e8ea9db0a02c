import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { cleanUp } from '../support/clean-up.ts';
import { findFreePort } from '../support/free-port.ts';
import { makeCluster, type TestNode } from '../support/nodes.ts';
import { runOnServer } from '../support/postgres.ts';
import { startProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

const MAX_STALE_SECONDS = 5;

const cluster = await makeCluster({ APPFLOW_KEY_MAX_STALE_SECONDS: String(MAX_STALE_SECONDS) });
const { server_key: key } = cluster.project;

/** A network path that can be cut and mended. */
async function makePath(url: string) {
  const port = Number(new URL(url).port || 5432);
  const proxy = await startProxy(port);
  cleanUp(proxy[Symbol.asyncDispose]);
  const through = new URL(url);
  through.port = String(proxy.port);
  return {
    url: through.href.replace(/\/$/, ''),
    async cut() {
      proxy.retarget(await findFreePort());
      proxy.drop();
    },
    mend: () => proxy.retarget(port),
  };
}

/** Starts a node whose ways to PostgreSQL and ClickHouse can be cut. */
async function startNode() {
  const { DATABASE_URL = '', CLICKHOUSE_URL = '' } = cluster.env;
  const [postgres, clickhouse] = [await makePath(DATABASE_URL), await makePath(CLICKHOUSE_URL)];
  const node = await cluster.start({ DATABASE_URL: postgres.url, CLICKHOUSE_URL: clickhouse.url });
  return { node, postgres, clickhouse };
}

const owner = await startNode();
await cluster.findOwner();
const other = await startNode();

let made = 0;
const makeBatch = () =>
  Array.from({ length: 3 }, () => ({
    event_id: `e${made++}`,
    event_name: 'app_open',
    app_user_id: `user_${made % 5}`,
  }));
const send = (node: TestNode, events = makeBatch()) =>
  node.call('POST', '/v1/events', { key, body: { events } });
const query = (node: TestNode) => node.call('GET', '/v1/analytics/daily?days=2&metrics=events', { key });
const createKey = (node: TestNode, name = 'Any') =>
  node.call('POST', '/v1/api-keys', { key, body: { name, type: 'server', scopes: ['apps:read'] } });

/** Sends batches to both nodes, at the same time, until each is stored; then both must count every event once. */
async function requireHealed(pending: ReturnType<typeof makeBatch> = makeBatch()): Promise<void> {
  for (const { node } of [owner, other])
    await until('events are stored again', async () => (await send(node, pending)).status === 200);
  const batch = makeBatch();
  await Promise.all([owner, other].map(({ node }) => send(node, batch)));
  for (const { node } of [owner, other]) {
    await until('queries are answered', async () => (await query(node)).status === 200);
    const days: { events: number }[] = (await query(node)).body.data;
    assert.equal(
      days.reduce((sum, { events }) => sum + events, 0),
      made,
    );
  }
}

async function requireUnavailable(
  asked: Promise<{ status: number; body: { code: string }; headers: Headers }>,
) {
  const { status, body, headers } = await asked;
  assert.deepEqual([status, body.code], [503, 'storage_unavailable'], JSON.stringify(body));
  assert.ok(Number(headers.get('retry-after')) >= 1);
}

await requireHealed();

describe('a node that is cut off', () => {
  it('from PostgreSQL only: it accepts known keys and events until its keys may be stale, then nothing, and no revoked key', async () => {
    const { body: created } = await createKey(owner.node);
    const ask = () => other.node.call('GET', '/v1/apps', { key: created.key });
    await until('the key is known', async () => (await ask()).status === 200);
    await other.postgres.cut();
    assert.equal((await send(other.node)).status, 200);
    assert.equal((await query(other.node)).status, 200);
    await requireUnavailable(createKey(other.node));
    assert.equal((await owner.node.call('DELETE', `/v1/api-keys/${created.id}`, { key })).status, 200);
    await setTimeout((MAX_STALE_SECONDS + 1) * 1_000);
    await requireUnavailable(ask());
    const pending = makeBatch();
    await requireUnavailable(send(other.node, pending));
    other.postgres.mend();
    await until('the revocation is known', async () => (await ask()).status === 401);
    await requireHealed(pending);
  });

  it('from ClickHouse only: it refuses queries and goes on to pass events to the node that stores them', async () => {
    await other.clickhouse.cut();
    await requireUnavailable(query(other.node));
    assert.equal((await send(other.node)).status, 200);
    assert.equal((await query(owner.node)).status, 200);
    other.clickhouse.mend();
    await requireHealed();
  });

  it('from ClickHouse only, and stores the events: every node refuses events, and the others answer queries', async () => {
    await owner.clickhouse.cut();
    const pending = makeBatch();
    for (const { node } of [other, owner]) await requireUnavailable(send(node, pending));
    assert.equal((await query(other.node)).status, 200);
    await requireUnavailable(query(owner.node));
    owner.clickhouse.mend();
    await requireHealed(pending);
  });

  it('from the node that stores events only: it refuses events and answers queries', async () => {
    const { nodeUrl } = await cluster.findOwner();
    const path = await makePath(nodeUrl);
    const setAddress = (url: string) =>
      runOnServer([`UPDATE leases SET address = '${url}' WHERE name = 'events'`], cluster.env.DATABASE_URL);
    await setAddress(path.url);
    await requireHealed();
    await path.cut();
    const pending = makeBatch();
    await requireUnavailable(send(other.node, pending));
    assert.equal((await query(other.node)).status, 200);
    assert.equal((await createKey(other.node)).status, 201);
    assert.equal((await send(owner.node)).status, 200);
    path.mend();
    await requireHealed(pending);
    await setAddress(nodeUrl);
  });
});
