import assert from 'node:assert/strict';
import { it } from 'node:test';
import { openGateway } from '../../src/warehouse/engine/gateway.ts';
import { connectToServer } from '../../src/warehouse/engine/server.ts';
import { runCli } from '../support/child-processes.ts';
import { findFreePort } from '../support/free-port.ts';
import { makeTempDir } from '../support/harness.ts';
import { makeCluster, type TestNode } from '../support/nodes.ts';
import { runOnServer } from '../support/postgres.ts';
import { until } from '../support/until.ts';

const cluster = await makeCluster();
const { DATABASE_URL = '', CLICKHOUSE_URL = '' } = cluster.env;
const { server_key: key } = cluster.project;
const first = await cluster.start();

/** A column more in each table of PostgreSQL, and a table more. */
async function upgradeControl(): Promise<void> {
  const [tables = []] = await runOnServer(
    ["SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"],
    DATABASE_URL,
  );
  const columns = (tables as { name: string }[]).map(
    ({ name }) => `ALTER TABLE ${name} ADD COLUMN later text`,
  );
  const migration = "INSERT INTO schema_migrations VALUES ('9998-later-additive', 1)";
  await runOnServer([...columns, 'CREATE TABLE later (id bigint)', migration], DATABASE_URL);
}

/** A column more in each table of ClickHouse, and a table more. */
async function upgradeEvents(): Promise<void> {
  const gateway = await openGateway(connectToServer(CLICKHOUSE_URL), { size: 1, waitingMax: 1 });
  const tables = await gateway.query<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'",
  );
  for (const { name } of tables) await gateway.command(`ALTER TABLE ${name} ADD COLUMN later String`);
  await gateway.command('CREATE TABLE later (id UInt64) ENGINE = MergeTree ORDER BY id');
  await gateway.command("INSERT INTO schema_migrations (name) VALUES ('9998-later-additive.sql')");
  await gateway.close();
}

let sent = 0;

/** Stores an event, counts all of them, and creates, uses and revokes a key, on one node. */
async function requireServing(node: TestNode): Promise<void> {
  const event = { event_id: `e${sent}`, event_name: 'app_open', app_user_id: `user_${sent}` };
  const send = () => node.call('POST', '/v1/events', { key, body: { events: [event] } });
  await until('it is stored', async () => (await send()).status === 200);
  sent += 1;
  assert.equal((await send()).body.duplicates, 1);
  const daily = await node.call('GET', '/v1/analytics/daily?days=2&metrics=events,dau', { key });
  const days = daily.body.data as { events: number; dau: number }[];
  assert.equal(
    days.reduce((sum, { events }) => sum + events, 0),
    sent,
  );
  assert.equal((await node.call('GET', `/v1/users/user_${sent - 1}`, { key })).status, 200);
  const body = { name: 'Other', type: 'server', scopes: ['apps:read'] };
  const created = await node.call('POST', '/v1/api-keys', { key, body });
  assert.equal(created.status, 201, created.text);
  const use = () => node.call('GET', '/v1/apps', { key: created.body.key });
  assert.equal((await use()).status, 200);
  assert.equal((await node.call('DELETE', `/v1/api-keys/${created.body.id}`, { key })).status, 200);
  assert.equal((await use()).status, 401);
  assert.equal((await node.call('GET', '/readyz')).status, 200);
}

const run = async (...args: string[]) =>
  await runCli(args, {
    ...cluster.env,
    ...{ APPFLOW_DATA_DIR: makeTempDir(), APPFLOW_NODE_URL: `http://127.0.0.1:${await findFreePort()}` },
    ...{ PORT: '0', LOG_LEVEL: 'warn' },
  });

it('serves while a newer release has added to both stores, when it starts too, and takes over the events', async () => {
  await requireServing(first);
  await upgradeControl();
  await upgradeEvents();
  await requireServing(first);
  const second = await cluster.start();
  await requireServing(second);
  await requireServing(first);
  assert.equal(await first.stop(), 0);
  await requireServing(second);
  const doctor = await run('doctor');
  assert.doesNotMatch(doctor.stdout, /newer release/);
  assert.match(doctor.stdout, /audit log: OK: all \d+ entries are unchanged/);
  const keys = await run('keys', 'list');
  assert.equal(keys.code, 0, keys.stderr);
  const created = await run('keys', 'create', '--name', 'New', '--type', 'server');
  assert.equal(created.code, 0, created.stderr);
  assert.match(
    created.stderr,
    /A newer release of Appflow has upgraded the control database \(9998-later-additive\)/,
  );
});

it('keeps running after a newer release has changed a store in another way, but does not start', async () => {
  const running = await cluster.start();
  await runOnServer(["INSERT INTO schema_migrations VALUES ('9999-renamed', 1)"], DATABASE_URL);
  await requireServing(running);
  const refused = await run('serve');
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /The control database was created by a newer release of Appflow \(it has 9999-renamed\)\. Run that release, or restore/,
  );
});
