import assert from 'node:assert/strict';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { NO_CALLER } from '../../src/control/control.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { initByCli, runCli, startServerProcess } from '../support/child-processes.ts';
import { initProject, makeConfig, makeTempDir } from '../support/harness.ts';
import { assertFailed, examine, makeInstallation, snapshot } from './doctor-installation.ts';

describe('doctor', () => {
  it('finds nothing wrong with a folder that a command created, and says so', async () => {
    const { env } = await makeInstallation();
    const { code, ok, byCheck } = await examine(env);
    assert.deepEqual([code, ok], [0, true], JSON.stringify([...byCheck.values()]));
    assert.match(byCheck.get('audit log')?.message ?? '', /^OK: all \d+ entries/);
    const printed = await runCli(['doctor'], { PORT: '0', ...env });
    assert.equal(printed.code, 0);
    assert.match(printed.stdout, /^ok {5}.*configuration: [\s\S]*No problems found\.\n$/);
  });

  it('finds nothing wrong with an empty folder, and creates nothing', async () => {
    const dataDir = join(makeTempDir(), 'not-yet');
    const { code, byCheck } = await examine({ APPFLOW_DATA_DIR: dataDir });
    assert.equal(code, 0);
    assert.equal(byCheck.get('data folder')?.status, 'warning');
  });

  it('changes no content, no permission and no file', async () => {
    const { dataDir, env } = await makeInstallation();
    chmodSync(dataDir, 0o755);
    chmodSync(join(dataDir, 'secrets', 'appflow-secret'), 0o644);
    const before = snapshot(dataDir);
    const { byCheck } = await examine(env);
    assert.equal(byCheck.get('audit log')?.status, 'ok');
    assert.deepEqual(snapshot(dataDir), before);
  });

  it('lists pending migrations, applies none, and checks what it can', async () => {
    const { dataDir, env, tamper } = await makeInstallation();
    tamper('DROP TABLE usage_flush', 0);
    tamper("DELETE FROM schema_migrations WHERE name = '0004-key-usage'");
    const before = snapshot(dataDir);
    const { code, byCheck } = await examine(env);
    assert.equal(code, 0, JSON.stringify([...byCheck.values()]));
    assert.equal(byCheck.get('schema')?.status, 'warning');
    assert.match(byCheck.get('schema')?.message ?? '', /applies 0004-key-usage\. Make a backup/);
    for (const check of ['secret', 'stored keys', 'audit log'])
      assert.equal(byCheck.get(check)?.status, 'ok');
    assert.deepEqual(snapshot(dataDir), before);
  });

  it('says so if a check needs a pending migration', async () => {
    const { env, tamper } = await makeInstallation();
    tamper('DROP TABLE audit_log', 0);
    tamper("DELETE FROM schema_migrations WHERE name = '0002-audit-log'");
    const { code, byCheck } = await examine(env);
    assert.equal(code, 0, JSON.stringify([...byCheck.values()]));
    for (const check of ['clock', 'audit log']) {
      assert.equal(byCheck.get(check)?.status, 'warning');
      assert.match(byCheck.get(check)?.message ?? '', /only check it after the migrations/);
    }
    assert.equal(byCheck.get('secret')?.status, 'ok');
  });

  it('warns of a data folder that other users can read', async () => {
    const { dataDir, env } = await makeInstallation();
    for (const mode of [0o710, 0o701]) {
      chmodSync(dataDir, mode);
      const { code, byCheck } = await examine(env);
      assert.deepEqual([code, byCheck.get('data folder permissions')?.status], [0, 'warning']);
    }
  });

  it('rejects the database of a newer release, changes nothing, and says what to run', async () => {
    const { dataDir, env, tamper } = await makeInstallation();
    tamper("INSERT INTO schema_migrations (name, applied_at) VALUES ('9999-from-the-future', 1)");
    const before = readFileSync(join(dataDir, 'control.db'), 'base64');
    assertFailed(
      await examine(env),
      'control database',
      /created by a newer release of Appflow \(it has 9999-from-the-future\)\. Run that release/,
    );
    for (const command of [['init'], ['keys', 'list'], ['audit']]) {
      const { code, stderr } = await runCli(command, env);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /created by a newer release/);
    }
    await assert.rejects(openControlServices(makeConfig(env)), /created by a newer release/);
    assert.equal(readFileSync(join(dataDir, 'control.db'), 'base64'), before);
  });

  it('detects a wrong or missing secret, and says what to do', async () => {
    const { dataDir, env } = await makeInstallation();
    const other = { ...env, APPFLOW_SECRET: 'quite another secret of enough characters' };
    assertFailed(await examine(other), 'secret', /Set the old secret again/);
    rmSync(join(dataDir, 'secrets', 'appflow-secret'));
    assertFailed(await examine(env), 'secret', /is missing/);
  });

  it('detects that other users can read the secret', async () => {
    const { dataDir, env } = await makeInstallation();
    chmodSync(join(dataDir, 'secrets'), 0o755);
    assertFailed(await examine(env), 'data folder permissions', /chmod -R go=/);
  });

  it('detects a control database that is not a database', async () => {
    const { dataDir, env } = await makeInstallation();
    for (const end of ['-wal', '-shm']) rmSync(join(dataDir, `control.db${end}`), { force: true });
    writeFileSync(
      join(dataDir, 'control.db'),
      'no database at all, but long enough to be looked at'.repeat(100),
    );
    assertFailed(await examine(env), 'control database', /cannot be opened/);
  });

  it('detects a clock that was set back', async () => {
    const dataDir = makeTempDir();
    await initProject(makeConfig({ APPFLOW_DATA_DIR: dataDir }));
    const later = Date.now() + 3_600_000;
    const services = await openControlServices(makeConfig({ APPFLOW_DATA_DIR: dataDir }), {
      now: () => later,
    });
    const actor = { type: 'cli', id: 'cli', ip: null, requestId: null } as const;
    const entry = { projectId: null, actor, action: 'project.updated', target: 'x' } as const;
    await services.control.write(NO_CALLER, ({ tx }) => services.audit.append(tx, entry));
    await services.close();
    assertFailed(await examine({ APPFLOW_DATA_DIR: dataDir }), 'clock', /it was set back/);
  });

  it('lists every mistake of the configuration', async () => {
    const { code, byCheck } = await examine({ PORT: '99999', LOG_LEVEL: 'loud' });
    assert.equal(code, 1);
    assert.match(byCheck.get('configuration')?.message ?? '', /PORT[\s\S]*LOG_LEVEL/);
  });

  it('warns of a variable that is no setting', async () => {
    const { env } = await makeInstallation();
    const { code, byCheck } = await examine({ ...env, APPFLOW_DATADIR: '/elsewhere' });
    const { status, message } = byCheck.get('configuration') ?? {};
    assert.deepEqual([code, status], [0, 'warning']);
    assert.match(message ?? '', /^APPFLOW_DATADIR is not a setting.*Did you mean APPFLOW_DATA_DIR\?$/);
  });

  it('warns of a proxy that is not configured, and rejects trusting every address', async () => {
    const { env } = await makeInstallation();
    const hinted = await examine({ ...env, APPFLOW_PUBLIC_URL: 'https://appflow.example.com' });
    assert.deepEqual([hinted.code, hinted.byCheck.get('TRUSTED_PROXIES')?.status], [0, 'warning']);
    assertFailed(await examine({ ...env, TRUSTED_PROXIES: '0.0.0.0/0' }), 'TRUSTED_PROXIES', /every address/);
  });

  it('asks the running server about its event store, which no other process can open', async () => {
    const env = { APPFLOW_DATA_DIR: makeTempDir() };
    await initByCli(env);
    await using server = await startServerProcess(env);
    const beside = await examine(env);
    assert.equal(beside.code, 0, JSON.stringify([...beside.byCheck.values()]));
    assert.equal(beside.byCheck.get('event store')?.message, 'Ready, according to the server.');
    assert.equal(beside.byCheck.get('server')?.message, `Running at ${server.url}.`);
    assert.equal(beside.byCheck.get('server warning'), undefined);
    await server.call('GET', '/healthz', { headers: { 'x-forwarded-for': '203.0.113.9' } });
    const warned = await examine(env);
    assert.deepEqual([warned.code, warned.byCheck.get('server warning')?.status], [0, 'warning']);
    assert.match(warned.byCheck.get('server warning')?.message ?? '', /TRUSTED_PROXIES is not set/);
    assert.equal(await server.stop(), 0);
    const alone = await examine(env);
    assert.equal(alone.code, 0);
    assert.equal(
      alone.byCheck.get('event store')?.message,
      'OK: it opens, answers queries, and all files are intact.',
    );
  });

  it('asks a server without a record too, but never that of another folder', async () => {
    const { dataDir, env } = await makeInstallation();
    await using server = await startServerProcess(env);
    const { port: PORT } = new URL(server.url);
    rmSync(join(dataDir, 'server-url'));
    const own = await examine({ ...env, PORT });
    assert.equal(own.byCheck.get('server')?.message, `Running at ${server.url}.`);
    const other = await examine({ ...(await makeInstallation()).env, PORT });
    assert.equal(other.byCheck.get('server')?.message, 'No server is running on this data folder.');
  });
});
