import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import Database from 'better-sqlite3';
import { embedded } from '../../src/warehouse/engine/embedded.ts';
import { openGateway } from '../../src/warehouse/engine/gateway.ts';
import { listMigrations as listEventMigrations } from '../../src/warehouse/migrate.ts';
import { runCli, startServerProcess } from '../support/child-processes.ts';
import { makeTempDir } from '../support/harness.ts';
import { examine } from './doctor-installation.ts';
import { createKey, listMigrations, listSnapshots, unpackOlder, upgrade } from './older-folder.ts';

const ROOT = join(import.meta.dirname, '../..');
const countUsers = (day: number) => 5 + (day % 4);

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
    const last = (await listEventMigrations()).at(-1);
    const gateway = await openGateway(embedded(join(dataDir, 'events')), { size: 1, waitingMax: 1 });
    await gateway.command(
      `ALTER TABLE schema_migrations DELETE WHERE name = '${last}' SETTINGS mutations_sync = 2`,
    );
    await gateway.close();
    mkdirSync(join(dataDir, 'snapshots/2026-01-01T00-00-00.000Z.draft/events'), { recursive: true });
    await using server = await startServerProcess(env);
    const [name = '', ...more] = listSnapshots(dataDir);
    assert.deepEqual([more, name.endsWith('.draft')], [[], false]);
    assert.ok(existsSync(join(dataDir, 'snapshots', name, 'events/store-id')));
    await server.stop();
  });

  it('is done once by commands that start together', async () => {
    const { dataDir, env } = unpackOlder();
    const results = await Promise.all([createKey(env), createKey(env)]);
    assert.deepEqual(
      results.map(({ code, stderr }) => [code, stderr]),
      [
        [0, ''],
        [0, ''],
      ],
    );
    const [name = '', ...more] = listSnapshots(dataDir);
    assert.deepEqual(more, []);
    assert.notDeepEqual(listMigrations(join(dataDir, 'snapshots', name)), listMigrations(dataDir));
  });

  it('waits for the end of a server of the older release, also of one whose process it cannot see', async () => {
    const { dataDir, env } = unpackOlder();
    const before = listMigrations(dataDir);
    // Reading the file in this process would end its locks.
    const server = new Database(join(dataDir, 'control.db'));
    server.prepare('SELECT name FROM schema_migrations').get();
    const { code, stderr } = await createKey(env);
    server.close();
    assert.equal(code, 1);
    assert.match(stderr, /Another process has .* open: a server, perhaps of an older release/);
    assert.deepEqual([listMigrations(dataDir), listSnapshots(dataDir)], [before, []]);
  });

  it('has its snapshot on disk before it migrates, and all of it belongs to the owner of the folder', async () => {
    const { dataDir, env } = unpackOlder();
    const owner = process.getuid?.() === 0 ? 10_001 : statSync(dataDir).uid;
    if (statSync(dataDir).uid !== owner) execFileSync('chown', ['-R', String(owner), dataDir]);
    const trace = join(makeTempDir(), 'trace');
    const options = { env: { ...process.env, ...env, TRACE: trace }, encoding: 'utf8' } as const;
    const command = `exec strace -f -y -o "$TRACE" -e trace=fsync,rename "$0" src/cli/main.ts keys create --name New --type server`;
    const { status, stderr } = spawnSync('sh', ['-c', command, process.execPath], { ...options, cwd: ROOT });
    assert.equal(status, 0, stderr);
    const [name = ''] = listSnapshots(dataDir);
    const snapshot = join(dataDir, 'snapshots', name);
    const [synced = '', later = ''] = readFileSync(trace, 'utf8').split(/rename\(.*\.draft".*snapshots\//);
    const paths = execFileSync('find', [snapshot], { encoding: 'utf8' }).trim().split('\n');
    for (const path of paths) {
      const stats = lstatSync(path);
      assert.equal(stats.uid, owner, path);
      if (stats.isDirectory() || (stats.isFile() && stats.nlink === 1))
        assert.ok(synced.includes(`<${path.replace(snapshot, `${snapshot}.draft`)}>`), path);
    }
    assert.ok(later.includes(`<${join(dataDir, 'snapshots')}>`));
    assert.ok(later.includes(`<${dataDir}>`));
  });

  it('is all that snapshots can stop: a start without migrations runs whatever is in their folder', async () => {
    const { dataDir, env } = unpackOlder();
    await upgrade(env);
    const [name = ''] = listSnapshots(dataDir);
    rmSync(join(dataDir, 'snapshots', name, 'control.db'));
    await upgrade(env);
    rmSync(join(dataDir, 'snapshots'), { recursive: true });
    writeFileSync(join(dataDir, 'snapshots'), '');
    await upgrade(env);
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
