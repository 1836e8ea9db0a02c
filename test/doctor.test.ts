import assert from 'node:assert/strict';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import Database from 'better-sqlite3';
import type { Finding } from '../src/cli/doctor/finding.ts';
import { openControlServices } from '../src/open-services.ts';
import { findFreePort, initByCli, runCli, startServerProcess } from './child-processes.ts';
import { initProject, makeConfig, makeTempDir } from './harness.ts';

type Examined = { code: number | null; ok: boolean; byCheck: Map<string, Finding> };

async function examine(env: Record<string, string>, ...args: string[]): Promise<Examined> {
  const { code, stdout, stderr } = await runCli(['doctor', '--json', ...args], { PORT: '0', ...env });
  assert.equal(stderr, '');
  const { ok, findings }: { ok: boolean; findings: Finding[] } = JSON.parse(stdout);
  return { code, ok, byCheck: new Map(findings.map((finding) => [finding.check, finding])) };
}

/** Returns a data folder with a project in it, and a way to run SQL in its control database as an intruder would. */
async function makeInstallation() {
  const dataDir = makeTempDir();
  await initProject(makeConfig({ APPFLOW_DATA_DIR: dataDir }));
  const tamper = (sql: string) => {
    const database = new Database(join(dataDir, 'control.db'));
    const { changes } = database.prepare(sql).run();
    database.close();
    assert.equal(changes, 1);
  };
  return { dataDir, env: { APPFLOW_DATA_DIR: dataDir }, tamper };
}

function assertFailed({ code, ok, byCheck }: Examined, check: string, message: RegExp): void {
  assert.deepEqual([code, ok], [1, false]);
  assert.equal(byCheck.get(check)?.status, 'failed', JSON.stringify([...byCheck.values()]));
  assert.match(byCheck.get(check)?.message ?? '', message);
  for (const finding of byCheck.values()) assert.ok(finding.status !== 'failed' || finding.check === check);
}

describe('doctor', () => {
  it('finds nothing wrong with a folder that a command made, and says so in words', async () => {
    const { env } = await makeInstallation();
    const { code, ok, byCheck } = await examine(env);
    assert.deepEqual([code, ok], [0, true], JSON.stringify([...byCheck.values()]));
    assert.match(byCheck.get('audit log')?.message ?? '', /^All 5 entries|^All \d+ entries/);
    const told = await runCli(['doctor'], { PORT: '0', ...env });
    assert.equal(told.code, 0);
    assert.match(told.stdout, /^ok {5}.*configuration: [\s\S]*Nothing is wrong\.\n$/);
  });

  it('finds nothing wrong, and makes nothing, where nothing is yet', async () => {
    const dataDir = join(makeTempDir(), 'not-yet');
    const { code, byCheck } = await examine({ APPFLOW_DATA_DIR: dataDir });
    assert.equal(code, 0);
    assert.equal(byCheck.get('data folder')?.status, 'warning');
  });

  it('notices an edited row of the audit log', async () => {
    const { env, tamper } = await makeInstallation();
    tamper("UPDATE audit_log SET actor_id = 'key_other' WHERE seq = 2");
    assertFailed(await examine(env), 'audit log', /at entry 2: it, or the row before, was changed/);
  });

  it('notices a removed row', async () => {
    const { env, tamper } = await makeInstallation();
    tamper('DELETE FROM audit_log WHERE seq = 1');
    assertFailed(await examine(env), 'audit log', /at entry 2: a row was removed before this one/);
  });

  it('notices a cut tail', async () => {
    const { env, tamper } = await makeInstallation();
    tamper('DELETE FROM audit_log WHERE seq = (SELECT max(seq) FROM audit_log)');
    assertFailed(await examine(env), 'audit log', /rows are missing at the end/);
  });

  it('notices a tail that was cut and hidden, given an end of the log that was noted before', async () => {
    const { dataDir, env, tamper } = await makeInstallation();
    const database = new Database(join(dataDir, 'control.db'), { readonly: true });
    const { seq, mac } = database.prepare('SELECT seq, mac FROM audit_head').get() as Record<string, string>;
    database.close();
    const noted = ['--audit-head', `${seq}:${mac}`];
    assert.equal((await examine(env, ...noted)).code, 0);
    tamper('DELETE FROM audit_log WHERE seq = (SELECT max(seq) FROM audit_log)');
    tamper(
      'UPDATE audit_head SET (seq, mac) = (SELECT seq, mac FROM audit_log ORDER BY seq DESC LIMIT 1) WHERE id = 1',
    );
    assert.equal((await examine(env)).code, 0);
    assertFailed(await examine(env, ...noted), 'audit log', /rows are missing at the end/);
  });

  it('notices another secret and a missing one, and says what to do', async () => {
    const { dataDir, env } = await makeInstallation();
    const other = { ...env, APPFLOW_SECRET: 'quite another secret of enough characters' };
    assertFailed(await examine(other), 'secret', /Set the former secret again/);
    rmSync(join(dataDir, 'secrets', 'appflow-secret'));
    assertFailed(await examine(env), 'secret', /is missing/);
  });

  it('notices that others can read the secret', async () => {
    const { dataDir, env } = await makeInstallation();
    chmodSync(join(dataDir, 'secrets'), 0o755);
    assertFailed(await examine(env), 'data folder rights', /chmod -R go=/);
  });

  it('notices a control database that is none', async () => {
    const { dataDir, env } = await makeInstallation();
    for (const end of ['-wal', '-shm']) rmSync(join(dataDir, `control.db${end}`), { force: true });
    writeFileSync(
      join(dataDir, 'control.db'),
      'no database at all, but long enough to be looked at'.repeat(100),
    );
    assertFailed(await examine(env), 'control database', /cannot be opened/);
  });

  it('notices a clock that was set back', async () => {
    const dataDir = makeTempDir();
    await initProject(makeConfig({ APPFLOW_DATA_DIR: dataDir }));
    const later = Date.now() + 3_600_000;
    const services = await openControlServices(makeConfig({ APPFLOW_DATA_DIR: dataDir }), {
      now: () => later,
    });
    const actor = { type: 'cli', id: 'cli', ip: null, requestId: null } as const;
    const entry = { projectId: null, actor, action: 'project.updated', target: 'x' } as const;
    await services.control.write((tx) => services.audit.append(tx, entry));
    await services.close();
    assertFailed(await examine({ APPFLOW_DATA_DIR: dataDir }), 'clock', /it was set back/);
  });

  it('tells every mistake of the configuration', async () => {
    const { code, byCheck } = await examine({ PORT: '99999', LOG_LEVEL: 'loud' });
    assert.equal(code, 1);
    assert.match(byCheck.get('configuration')?.message ?? '', /PORT[\s\S]*LOG_LEVEL/);
  });

  it('hints at a proxy that is not named, and refuses to trust everybody', async () => {
    const { env } = await makeInstallation();
    const hinted = await examine({ ...env, APPFLOW_PUBLIC_URL: 'https://appflow.example.com' });
    assert.deepEqual([hinted.code, hinted.byCheck.get('TRUSTED_PROXIES')?.status], [0, 'warning']);
    assertFailed(await examine({ ...env, TRUSTED_PROXIES: '0.0.0.0/0' }), 'TRUSTED_PROXIES', /every address/);
  });

  it('asks the running server, whose event store nobody else can open', async () => {
    const env = { APPFLOW_DATA_DIR: makeTempDir(), PORT: String(await findFreePort()) };
    await initByCli(env);
    await using server = await startServerProcess(env);
    const beside = await examine(env);
    assert.equal(beside.code, 0, JSON.stringify([...beside.byCheck.values()]));
    assert.equal(beside.byCheck.get('event store')?.message, 'The server says that it answers.');
    assert.equal(await server.stop(), 0);
    const alone = await examine(env);
    assert.equal(alone.code, 0);
    assert.equal(alone.byCheck.get('event store')?.message, 'It opens and answers.');
  });
});
