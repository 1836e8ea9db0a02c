import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import Database from 'better-sqlite3';
import { verifyChain } from '../../src/audit/chain.ts';
import { openSqliteControl } from '../../src/control/open-sqlite.ts';
import { derivePepper, encodeMac, macOf } from '../../src/directory/secret.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { openControlServices, toAuditKey } from '../../src/server/open-services.ts';
import { readSecret } from '../../src/server/secret-store.ts';
import { startServer } from '../../src/server/start.ts';
import { connect, initProject, makeConfig } from '../support/harness.ts';
import { assertFailed, changeDatabase, examine, makeInstallation } from './doctor-installation.ts';

describe('doctor, checking the audit log,', () => {
  it('detects an edited row, whichever column was edited', async () => {
    const { dataDir, env } = await makeInstallation();
    const secret = readSecret(join(dataDir, 'secrets', 'appflow-secret'));
    const database = new Database(join(dataDir, 'control.db'));
    const control = await openSqliteControl(join(dataDir, 'control.db'), systemClock());
    const verify = () => verifyChain(control, [toAuditKey(secret)]);
    const columns = database.prepare('SELECT name FROM pragma_table_info(?)').pluck().all('audit_log');
    assert.ok(columns.length >= 13, 'the columns are there to loop over');
    for (const name of columns) {
      const original = database.prepare(`SELECT "${name}" FROM audit_log WHERE seq = 2`).pluck().get();
      const edited = typeof original === 'number' ? original + 1_000 : 'other';
      const set = (value: unknown, of: unknown) =>
        database
          .prepare(`UPDATE audit_log SET "${name}" = ? WHERE "${name}" IS ? AND id = ?`)
          .run(value, of, id);
      const id = database.prepare('SELECT id FROM audit_log WHERE seq = 2').pluck().get();
      if (name === 'id') continue;
      assert.equal(set(edited, original).changes, 1);
      assert.equal((await verify()).ok, false, `an edited ${name} is noticed`);
      assert.equal(set(original, edited).changes, 1);
      assert.equal((await verify()).ok, true);
    }
    database.prepare("UPDATE audit_log SET id = 'other' WHERE seq = 2").run();
    database.close();
    await control.close();
    assertFailed(await examine(env), 'audit log', /at entry 2: it, or the row before, was changed/);
  });

  it('detects a removed row', async () => {
    const { env, tamper } = await makeInstallation();
    tamper('DELETE FROM audit_log WHERE seq = 1');
    assertFailed(await examine(env), 'audit log', /at entry 2: a row was removed before this one/);
  });

  it('detects a truncated log', async () => {
    const { env, tamper } = await makeInstallation();
    tamper('DELETE FROM audit_log WHERE seq = (SELECT max(seq) FROM audit_log)');
    assertFailed(await examine(env), 'audit log', /rows are missing at the end/);
  });

  const CUT = 'DELETE FROM audit_log WHERE seq = (SELECT max(seq) FROM audit_log)';
  const HIDE =
    'UPDATE audit_head SET (seq, mac) = (SELECT seq, mac FROM audit_log ORDER BY seq DESC LIMIT 1) WHERE id = 1';

  it('detects a hidden truncation, even after new entries were added', async () => {
    const { dataDir, env, tamper } = await makeInstallation();
    tamper(CUT);
    tamper(HIDE);
    assertFailed(await examine(env), 'audit log', /rows after it were removed/);
    await initProject(makeConfig({ APPFLOW_DATA_DIR: dataDir }));
    assertFailed(await examine(env), 'audit log', /rows after it were removed/);
    tamper("UPDATE audit_head SET seal = ''");
    assertFailed(await examine(env), 'audit log', /rows after it were removed/);
    tamper('UPDATE audit_head SET seal = mac');
    assertFailed(await examine(env), 'audit log', /rows after it were removed/);
  });

  it('detects an emptied log, even after new entries were added', async () => {
    const { dataDir, env, tamper } = await makeInstallation();
    tamper('DELETE FROM audit_log', 5);
    tamper("UPDATE audit_head SET seq = 0, mac = '', seal = ''");
    assertFailed(await examine(env), 'audit log', /rows before it were removed/);
    await initProject(makeConfig({ APPFLOW_DATA_DIR: dataDir }));
    assertFailed(await examine(env), 'audit log', /rows before it were removed/);
  });

  it('says that only --audit-head detects a restored older copy, and then detects it', async () => {
    const { dataDir, env } = await makeInstallation();
    const copy = readFileSync(join(dataDir, 'control.db'));
    await initProject(makeConfig({ APPFLOW_DATA_DIR: dataDir }));
    const database = new Database(join(dataDir, 'control.db'), { readonly: true });
    const { seq, mac } = database.prepare('SELECT seq, mac FROM audit_head').get() as Record<string, string>;
    database.close();
    const noted = ['--audit-head', `${seq}:${mac}`];
    const whole = await examine(env, ...noted);
    assert.equal(whole.code, 0);
    assert.match(
      whole.byCheck.get('audit log')?.message ?? '',
      new RegExp(`Entry ${seq} \\(--audit-head\\)`),
    );
    writeFileSync(join(dataDir, 'control.db'), copy);
    for (const end of ['-wal', '-shm', '-sum']) rmSync(join(dataDir, `control.db${end}`), { force: true });
    const alone = await examine(env);
    assert.equal(alone.code, 0);
    assert.match(
      alone.byCheck.get('audit log')?.message ?? '',
      /Use --audit-head to detect a restored older copy/,
    );
    assertFailed(await examine(env, ...noted), 'audit log', /rows are missing at the end/);
  });

  it('seals the end of a log written by a release without a seal, once', async () => {
    const { dataDir, env } = await makeInstallation();
    const restoreLog = makeUnsealed(dataDir);
    const before = await examine(env);
    assert.deepEqual([before.code, before.byCheck.get('audit log')?.status], [0, 'warning']);
    await initProject(makeConfig({ APPFLOW_DATA_DIR: dataDir }));
    assert.equal((await examine(env)).byCheck.get('audit log')?.status, 'ok');
    // Every entry of the sealing release is gone, so only the value that says so is left.
    restoreLog();
    removeSeal(dataDir);
    assertFailed(await examine(env), 'audit log', /seal of its end was removed/);
    await initProject(makeConfig({ APPFLOW_DATA_DIR: dataDir }));
    assertFailed(await examine(env), 'audit log', /rows after it were removed/);
  });

  // Regression: the seal migration was applied again, and sealed what was left.
  it('never seals a truncated log again, whatever was removed from the database besides', async () => {
    const { dataDir, env, tamper } = await makeInstallation();
    tamper(CUT);
    tamper(HIDE);
    removeSeal(dataDir);
    assertFailed(await examine(env), 'audit log', /seal of its end was removed/);
    const start = () => initProject(makeConfig({ APPFLOW_DATA_DIR: dataDir }));
    await start();
    assertFailed(await examine(env), 'audit log', /rows after it were removed/);
    tamper("DELETE FROM settings WHERE name = 'secret_check'");
    tamper("UPDATE audit_head SET seal = ''");
    await start();
    assertFailed(await examine(env), 'audit log', /rows after it were removed/);
    // Even an old copy of the value does not help: the entries themselves say who wrote them.
    tamper(`UPDATE settings SET value = '${unsealedCheck(dataDir)}' WHERE name = 'secret_check'`);
    tamper("UPDATE audit_head SET seal = ''");
    await start();
    assertFailed(await examine(env), 'audit log', /rows after it were removed/);
  });

  it('is not needed to notice a damaged end: /readyz reports it, and the log has it once', async () => {
    const { dataDir, tamper } = await makeInstallation();
    const config = makeConfig({ APPFLOW_DATA_DIR: dataDir, LOG_LEVEL: 'error' });
    tamper(CUT);
    const lines: string[] = [];
    const server = await startServer(config, {}, { write: (line) => lines.push(line) });
    const { status, warnings } = (await connect(server.url).call('GET', '/readyz')).body;
    assert.equal(status, 'degraded');
    assert.match(
      warnings.join(),
      /audit log is damaged: entries are missing at the end\. Run bin\/appflow doctor/,
    );
    await server.stop();
    assert.equal(lines.length, 1);
    const services = await openControlServices(makeConfig({ APPFLOW_DATA_DIR: dataDir }));
    tamper(HIDE);
    await services.auditWatch.check();
    assert.match(services.auditWatch.findProblem() ?? '', /damaged: its seal is missing or not valid/);
    await services.close();
  });
});

const secretOf = (dataDir: string) => readSecret(join(dataDir, 'secrets', 'appflow-secret'));

/** The value that a release without a seal stored to recognize its secret. */
const unsealedCheck = (dataDir: string) =>
  encodeMac(macOf('appflow known value', derivePepper(secretOf(dataDir))));

/** Undoes the migration that added the seal. */
function removeSeal(dataDir: string): void {
  changeDatabase(dataDir, (database) => {
    database.exec('ALTER TABLE audit_head DROP COLUMN seal');
    database.exec("DELETE FROM schema_migrations WHERE name = '0008-audit-head-seal'");
  });
}

/**
 * Turns a data folder into what a release without a seal would have written. Returns the function that removes every later
 * entry.
 */
function makeUnsealed(dataDir: string): () => void {
  const { key } = toAuditKey(secretOf(dataDir));
  removeSeal(dataDir);
  const { mac, count } = changeDatabase(dataDir, (database) => {
    const rows = database.prepare('SELECT * FROM audit_log ORDER BY seq').all() as Record<string, unknown>[];
    const set = database.prepare('UPDATE audit_log SET mac = ? WHERE seq = ?');
    let last = '';
    for (const { mac: _mac, ...row } of rows) {
      last = createHmac('sha256', key)
        .update(JSON.stringify([...Object.values(row), last]))
        .digest('base64url');
      set.run(last, row.seq);
    }
    database.prepare('UPDATE audit_head SET mac = ?').run(last);
    database.prepare("UPDATE settings SET value = ? WHERE name = 'secret_check'").run(unsealedCheck(dataDir));
    return { mac: last, count: rows.length };
  });
  return () =>
    changeDatabase(dataDir, (database) => {
      database.prepare('DELETE FROM audit_log WHERE seq > ?').run(count);
      database.prepare('UPDATE audit_head SET seq = ?, mac = ?').run(count, mac);
    });
}
