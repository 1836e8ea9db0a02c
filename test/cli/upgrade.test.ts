import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import Database from 'better-sqlite3';
import { embedded } from '../../src/warehouse/engine/embedded.ts';
import { openGateway } from '../../src/warehouse/engine/gateway.ts';
import { runCli, startServerProcess } from '../support/child-processes.ts';
import { makeTempDir } from '../support/harness.ts';
import { trackSecrets } from '../support/minted-secrets.ts';
import { examine } from './doctor-installation.ts';

const FIXTURE = join(import.meta.dirname, '../fixtures/data-folder-2026-11.tar.gz');
/** What its server was started with. */
const SECRET = { APPFLOW_SECRET: 'fixture-secret-of-an-older-release-0123' };

/** Returns a data folder that a release from before persons, rollups and erasure made: 20 days with 5 to 8 users and as many events. */
function unpackOlder(): { dataDir: string; env: Record<string, string> } {
  const dataDir = makeTempDir();
  execFileSync('tar', ['-xzf', FIXTURE, '-C', dataDir]);
  return { dataDir, env: { ...SECRET, APPFLOW_DATA_DIR: dataDir, LOG_LEVEL: 'error' } };
}

const countUsers = (day: number) => 5 + (day % 4);

const listSnapshots = (dataDir: string) =>
  existsSync(join(dataDir, 'snapshots')) ? readdirSync(join(dataDir, 'snapshots')) : [];

/** Returns what a folder's control database was migrated with. */
function listMigrations(folder: string): string[] {
  const database = new Database(readFileSync(join(folder, 'control.db')).fill(1, 18, 20));
  const names = database.prepare('SELECT name FROM schema_migrations ORDER BY name').pluck().all();
  database.close();
  return names.map(String);
}

/** Upgrades a folder by a start, and returns its app and a new key. */
async function upgrade(env: Record<string, string>): Promise<{ key: string; appId: string }> {
  await using server = await startServerProcess(env);
  const database = new Database(join(env.APPFLOW_DATA_DIR ?? '', 'control.db'), { readonly: true });
  const project = String(database.prepare('SELECT id FROM projects').pluck().get());
  database.close();
  const created = await runCli(
    ['keys', 'create', '--project', project, '--name', 'New', '--type', 'server', '--json'],
    env,
  );
  assert.equal(created.code, 0, created.stderr);
  const { key } = JSON.parse(created.stdout);
  trackSecrets(key);
  const { body } = await server.call('GET', '/v1/apps', { key });
  assert.equal(await server.stop(), 0);
  return { key, appId: body.data[0].id };
}

describe('an upgrade', () => {
  it('opens a data folder of an older release with every number, and keeps it as it was', async () => {
    const { dataDir, env } = unpackOlder();
    const before = listMigrations(dataDir);
    const { key, appId } = await upgrade(env);
    assert.ok(listMigrations(dataDir).length > before.length);
    const [name = '', ...more] = listSnapshots(dataDir);
    assert.deepEqual(more, []);
    assert.deepEqual(listMigrations(join(dataDir, 'snapshots', name)), before);
    await using server = await startServerProcess(env);
    const days = 'start=2026-11-01&end=2026-11-20';
    const daily = await server.call('GET', `/v1/analytics/daily?app_id=${appId}&${days}`, { key });
    const rows = daily.body.data.map(({ dau, events }: Record<string, number>) => [dau, events]);
    assert.deepEqual(
      rows,
      Array.from({ length: 20 }, (_, day) => [countUsers(day), countUsers(day)]),
    );
    const users = await server.call('GET', `/v1/users?app_id=${appId}`, { key });
    assert.equal(users.body.data.length, 8);
    const again = { event_id: 'old-0-0', event_name: 'open', app_user_id: 'user-0' };
    const sent = await server.call('POST', '/v1/events', { key, body: { app_id: appId, events: [again] } });
    assert.equal(sent.body.duplicates, 1, 'it knows the IDs of events of the older release');
    await server.stop();
    assert.deepEqual(listSnapshots(dataDir), [name], 'a start without migrations keeps none');
    assert.equal((await examine(env)).code, 0);
  });

  it('keeps a snapshot also when only the event store is migrated, and removes one that a kill left incomplete', async () => {
    const { dataDir, env } = unpackOlder();
    await upgrade(env);
    rmSync(join(dataDir, 'snapshots'), { recursive: true });
    const gateway = await openGateway(embedded(join(dataDir, 'events')), { size: 1, waitingMax: 1 });
    await gateway.command(
      "ALTER TABLE schema_migrations DELETE WHERE name = '0008-linked-days.sql' SETTINGS mutations_sync = 2",
    );
    await gateway.close();
    mkdirSync(join(dataDir, 'snapshots/2026-01-01T00-00-00.000Z.draft/events'), { recursive: true });
    await using server = await startServerProcess(env);
    const [name = '', ...more] = listSnapshots(dataDir);
    assert.deepEqual([more, name.endsWith('.draft')], [[], false]);
    assert.ok(existsSync(join(dataDir, 'snapshots', name, 'events/store-id')));
    await server.stop();
  });

  it('refuses a folder that a newer release has used, and says what to do', async () => {
    const { dataDir, env } = unpackOlder();
    await upgrade(env);
    const child = `import { embedded } from './src/warehouse/engine/embedded.ts';
      import { openGateway } from './src/warehouse/engine/gateway.ts';
      const gateway = await openGateway(embedded(process.argv[1]), { size: 1, waitingMax: 1 });
      await gateway.command("INSERT INTO schema_migrations (name) VALUES ('9999-later.sql')");
      await gateway.close();
      process.exit();`;
    execFileSync(process.execPath, ['--input-type=module-typescript', '-e', child, join(dataDir, 'events')], {
      cwd: join(import.meta.dirname, '../..'),
    });
    const { code, stderr } = await runCli(['serve'], { ...env, PORT: '0' });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /was used by a newer release of Appflow \(it has 9999-later\.sql\)\. Run that release/,
    );
  });
});

describe('appflow downgrade', () => {
  it('says what would be lost, restores the data from before with --yes, and keeps what it replaces', async () => {
    const { dataDir, env } = unpackOlder();
    const original = unpackOlder();
    const { key, appId } = await upgrade(env);
    const server = await startServerProcess(env);
    const running = await runCli(['downgrade', '--yes'], env);
    assert.match(running.stderr, /A server runs on the data folder/);
    const event = { event_id: 'new', event_name: 'open', app_user_id: 'user-0' };
    await server.call('POST', '/v1/events', { key, body: { app_id: appId, events: [event] } });
    await server.stop();
    const refused = await runCli(['downgrade'], env);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /at least 1 events, and [1-9]\d* entries/);
    const { code, stdout } = await runCli(['downgrade', '--yes'], env);
    assert.equal(code, 0, stdout);
    assert.deepEqual(listMigrations(dataDir), listMigrations(original.dataDir));
    const list = (folder: string) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
        /store.*\.(bin|mrk|sql)/.test(path),
      );
    assert.deepEqual(
      list(join(dataDir, 'events')).toSorted(),
      list(join(original.dataDir, 'events')).toSorted(),
    );
    const [replaced = ''] = readdirSync(dataDir).filter((name) => name.startsWith('replaced-'));
    assert.ok(existsSync(join(dataDir, replaced, 'control.db')));
    assert.deepEqual(listSnapshots(dataDir), []);
    assert.match((await runCli(['downgrade'], env)).stderr, /There is no snapshot/);
    await upgrade(env);
    assert.equal(listSnapshots(dataDir).length, 1, 'the next upgrade keeps one again');
    assert.equal((await examine(env)).code, 0);
  });

  it('continues after a kill at any step, and no server starts in between', async () => {
    const { dataDir, env } = unpackOlder();
    await upgrade(env);
    const [name = ''] = listSnapshots(dataDir);
    const kept = join('snapshots', name);
    const steps = [
      ['control.db', 'downgrading/control.db'],
      ['events', 'downgrading/events'],
      [join(kept, 'control.db'), 'control.db'],
      [join(kept, 'events'), 'events'],
    ];
    for (let killedAfter = 0; killedAfter <= steps.length; killedAfter += 1) {
      const copy = makeTempDir();
      cpSync(dataDir, copy, { recursive: true, verbatimSymlinks: true });
      rmSync(join(copy, 'control.db-sum'), { force: true });
      mkdirSync(join(copy, 'downgrading'));
      for (const [from = '', to = ''] of steps.slice(0, killedAfter))
        renameSync(join(copy, from), join(copy, to));
      const own = { ...env, APPFLOW_DATA_DIR: copy };
      const refused = await runCli(['serve'], { ...own, PORT: '0' });
      assert.match(refused.stderr, /Run `appflow downgrade` again/);
      const { code, stderr } = await runCli(['downgrade'], own);
      assert.equal(code, 0, `${killedAfter}: ${stderr}`);
      assert.deepEqual(listMigrations(copy), listMigrations(join(dataDir, kept)), `${killedAfter}`);
      assert.ok(existsSync(join(copy, 'events/store-id')), `${killedAfter}`);
    }
  });
});
