import assert from 'node:assert/strict';
import { it } from 'node:test';
import { makeCluster } from '../support/nodes.ts';
import { runOnServer } from '../support/postgres.ts';
import { until } from '../support/until.ts';

const cluster = await makeCluster();
const { DATABASE_URL = '' } = cluster.env;
const { server_key: key } = cluster.project;
const send = async (node: { call: (typeof first)['call'] }, event_id: string) => {
  const events = [{ event_id, event_name: 'app_open', app_user_id: 'user_1' }];
  return await node.call('POST', '/v1/events', { key, body: { events } });
};
const first = await cluster.start();

const LEASE = "FROM leases WHERE name = 'events'";

it('stops within two seconds while it takes over from a node that was killed, and the next node takes over', async () => {
  await until('it stores', async () => (await send(first, 'one')).status === 200);
  const { holder } = await cluster.findOwner();
  const second = await cluster.start();
  await first.kill();
  // As if the time of the lease had passed.
  await runOnServer(["UPDATE leases SET until = 1 WHERE name = 'events'"], DATABASE_URL);
  await until('it takes over', async () => {
    const [rows] = await runOnServer([`SELECT 1 ${LEASE} AND holder <> '${holder}'`], DATABASE_URL);
    return rows?.length === 1;
  });
  const startedMs = performance.now();
  assert.equal(await second.stop(), 0);
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs < 2_000, `${tookMs} ms`);
  const [rows] = await runOnServer([`SELECT 1 ${LEASE} AND until = 0 AND holder <> ''`], DATABASE_URL);
  assert.equal(rows?.length, 1, 'the lease is free, and inserts of the killed node may still be running');
  const third = await cluster.start();
  await until('it stores', async () => (await send(third, 'two')).status === 200);
  assert.equal((await send(third, 'one')).body.duplicates, 1);
});
