import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { findControlPlace, openControl } from '../../src/control/open.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { initByCli, runCli, startServerProcess } from '../support/child-processes.ts';
import { makeTempDir } from '../support/harness.ts';
import { holdReset } from '../support/held-reset.ts';
import { trackSecrets } from '../support/minted-secrets.ts';
import { makeDatabase, runOnServer } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { NEEDS_POSTGRES } from './postgres-server.ts';

const EVENT = { event_id: 'one', event_name: 'app_open', app_user_id: 'user_1' };
const LOCKED = `SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
  WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND datname = current_database()`;

const reset = (env: Record<string, string>) => runCli(['secret', 'reset', '--yes'], env);

/** Returns an installation with its control database in PostgreSQL, whose secret is lost. */
async function loseSecret() {
  const url = makeDatabase();
  const dataDir = makeTempDir();
  const env = { APPFLOW_DATA_DIR: dataDir, DATABASE_URL: url };
  const { server_key: key } = await initByCli(env);
  const secretFile = join(dataDir, 'secrets', 'appflow-secret');
  const lost = readFileSync(secretFile, 'utf8').trim();
  const lose = () => rmSync(secretFile);
  return { url, env, key, secretFile, lost, lose };
}

describe('appflow secret reset with PostgreSQL', NEEDS_POSTGRES, () => {
  it('starts over after the secret was lost: events stay, keys do not', async () => {
    const { env, key, lose } = await loseSecret();
    {
      await using server = await startServerProcess(env);
      const sent = await server.call('POST', '/v1/events', { key, body: { events: [EVENT] } });
      assert.equal(sent.body.accepted, 1, sent.text);
      assert.equal(await server.stop(), 0);
    }
    lose();
    const asked = await runCli(['secret', 'reset'], env);
    assert.equal(asked.code, 2);
    assert.match(asked.stderr, /API keys revoked: [1-9]/);
    const done = await reset(env);
    assert.equal(done.code, 0, done.stderr);
    const created = await runCli(['keys', 'create', '--name', 'New', '--type', 'server', '--json'], env);
    assert.equal(created.code, 0, created.stderr);
    const other: string = JSON.parse(created.stdout).key;
    trackSecrets(other);
    await using server = await startServerProcess(env);
    assert.equal((await server.call('GET', '/v1/apps', { key })).status, 401);
    const again = await server.call('POST', '/v1/events', { key: other, body: { events: [EVENT] } });
    assert.deepEqual([again.body.accepted, again.body.duplicates], [0, 1], 'the event is still there');
    assert.equal(await server.stop(), 0);
    const { code, stdout } = await runCli(['doctor', '--json'], { ...env, PORT: '0' });
    assert.equal(code, 0, stdout);
  });

  it('is refused while a node runs or starts on another machine, and until the leases of a killed one end', async () => {
    const { url, env, secretFile, lost, lose } = await loseSecret();
    lose();
    const elsewhere = { APPFLOW_DATA_DIR: makeTempDir(), DATABASE_URL: url, APPFLOW_SECRET: lost };
    const assertRefused = async (why: RegExp) => {
      const refused = await reset(env);
      assert.equal(refused.code, 1, refused.stdout);
      assert.match(refused.stderr, why);
      assert.equal(existsSync(secretFile), false, 'nothing has changed');
    };
    const node = await startServerProcess(elsewhere);
    const isLeased = "SELECT 1 FROM leases WHERE name = 'background'";
    await until('it has a lease', async () => (await runOnServer([isLeased], url))[0]?.length === 1);
    await assertRefused(/A server uses this database\. Stop all nodes, wait a minute/);
    await node.kill();
    await assertRefused(/A server uses this database\. Stop all nodes, wait a minute/);
    await runOnServer(['UPDATE leases SET until = 0'], url);
    // As of a node that is starting, or one of several that has no lease.
    const control = await openControl(
      findControlPlace({ dataDir: makeTempDir(), databaseUrl: url }),
      systemClock(),
    );
    await assertRefused(/A server or a command uses this database\. Stop all nodes/);
    await control.close();
    const done = await reset(env);
    assert.equal(done.code, 0, done.stderr);
  });

  it('keeps nodes and a second reset out until it is done, also a node that still has the lost secret', async () => {
    const { url, env, secretFile, lost, lose } = await loseSecret();
    lose();
    const isLocked = async () => ((await runOnServer([LOCKED], url))[0] ?? []).length > 0;
    const held = await holdReset(env, secretFile, isLocked);
    const elsewhere = { APPFLOW_DATA_DIR: makeTempDir(), DATABASE_URL: url };
    const serve = () => runCli(['serve'], { ...elsewhere, APPFLOW_SECRET: lost, PORT: '0' });
    const [early, second] = await Promise.all([
      serve(),
      reset({ ...elsewhere, APPFLOW_SECRET: 'n'.repeat(40) }),
    ]);
    assert.equal(early.code, 1);
    assert.match(early.stderr, /such as `secret reset`, is using .* Wait for it to finish/);
    assert.equal(second.code, 1);
    assert.match(second.stderr, /A server or a command uses this database/);
    const done = await held.finish();
    assert.equal(done.code, 0, done.stderr);
    const late = await serve();
    assert.equal(late.code, 1);
    assert.match(late.stderr, /APPFLOW_SECRET is not the secret/);
  });
});
