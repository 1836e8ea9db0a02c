import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import Database from 'better-sqlite3';
import { runCli, startServerProcess } from '../support/child-processes.ts';
import { makeTempDir } from '../support/harness.ts';
import { examine } from './doctor-installation.ts';
import { createKey, listMigrations, listSnapshots, unpackOlder, upgrade } from './older-folder.ts';

describe('appflow downgrade', () => {
  it('says what would be lost, restores the data from before with --yes, and keeps what it replaces', async () => {
    const { dataDir, env } = unpackOlder();
    const original = unpackOlder();
    const { key, appId } = await upgrade(env);
    const server = await startServerProcess(env);
    const running = await runCli(['downgrade', '--yes'], env);
    assert.match(running.stderr, /A server is running on this data folder/);
    const event = { event_id: 'new', event_name: 'open', app_user_id: 'user-0' };
    await server.call('POST', '/v1/events', { key, body: { app_id: appId, events: [event] } });
    await server.call('DELETE', `/v1/users/user-1?app_id=${appId}`, { key });
    const [own] = (await server.call('GET', '/v1/api-keys', { key })).body.data;
    await server.call('DELETE', `/v1/api-keys/${own.id}`, { key });
    await server.stop();
    const refused = await runCli(['downgrade'], env);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /events: at least \d+, changes to projects, keys and people: [1-9]/);
    assert.match(
      refused.stderr,
      /erased people: 1, changes that may take access away: 1\. People who were erased since are back/,
    );
    const { code, stdout } = await runCli(['downgrade', '--yes'], env);
    assert.equal(code, 0, stdout);
    assert.match(
      stdout,
      /release you used before the upgrade[\s\S]*erased people: 1, changes that may take access away: 1/,
    );
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
      assert.match(refused.stderr, /Run `\S*bin\/appflow downgrade` again/);
      await refuseStoresOfOlder(own, killedAfter);
      const { code, stderr } = await runCli(['downgrade'], own);
      assert.equal(code, 0, `${killedAfter}: ${stderr}`);
      assert.deepEqual(listMigrations(copy), listMigrations(join(dataDir, kept)), `${killedAfter}`);
      assert.ok(existsSync(join(copy, 'events/store-id')), `${killedAfter}`);
    }
  });

  it('refuses while another process has the control database open, also one that it cannot see', async () => {
    const { dataDir, env } = unpackOlder();
    await createKey(env);
    const server = new Database(join(dataDir, 'control.db'));
    server.prepare('SELECT name FROM schema_migrations').get();
    const { code, stderr } = await runCli(['downgrade', '--yes'], env);
    server.close();
    assert.equal(code, 1);
    assert.match(stderr, /Another process has .* open/);
    assert.ok(!existsSync(join(dataDir, 'downgrading')));
  });

  it('replaces a control database that cannot be read, with --yes', async () => {
    const { dataDir, env } = unpackOlder();
    const before = listMigrations(dataDir);
    await createKey(env);
    writeFileSync(join(dataDir, 'control.db'), 'damaged'.repeat(1000));
    const refused = await runCli(['downgrade'], env);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /what was stored since is unknown/);
    const { code, stderr } = await runCli(['downgrade', '--yes'], env);
    assert.equal(code, 0, stderr);
    assert.deepEqual(listMigrations(dataDir), before);
  });
});

/** After a kill, the older release sees an empty folder, or one without events: it does not know `downgrading/`. */
async function refuseStoresOfOlder(env: Record<string, string>, killedAfter: number): Promise<void> {
  const dataDir = env.APPFLOW_DATA_DIR ?? '';
  const missing =
    [[], ['control.db', 'control.db-losses'], ['control.db', 'events'], ['events'], []][killedAfter] ?? [];
  if (missing.length === 0) return;
  for (const name of missing) writeFileSync(join(dataDir, name), 'new');
  const { code, stderr } = await runCli(['downgrade', '--yes'], env);
  assert.equal(code, 1, stderr);
  assert.match(stderr, new RegExp(`Move ${missing.join(', ')} out of that folder`));
  for (const name of missing) {
    assert.equal(readFileSync(join(dataDir, name), 'utf8'), 'new');
    rmSync(join(dataDir, name));
  }
}
