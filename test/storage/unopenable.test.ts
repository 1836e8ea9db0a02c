import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import Database from 'better-sqlite3';
import { initByCli, runCli, startServerProcess } from '../support/child-processes.ts';
import { makeTempDir } from '../support/harness.ts';
import { fillDisk, mountDisk } from '../support/small-disk.ts';
import { until } from '../support/until.ts';
import { damageFile } from './damage/damage-file.ts';
import { listTables } from './damage/list-tables.ts';
import { startStores } from './damage/run-cases.ts';

/** Returns the environment of a data folder that a server has used and left. */
async function install(dataDir = makeTempDir()) {
  const env = { APPFLOW_DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'fatal' };
  await initByCli(env);
  await using server = await startServerProcess(env);
  assert.equal(await server.stop(), 0);
  return env;
}

it('names the damaged definition of a table even without a record of it, and no other process', async () => {
  const { APPFLOW_DATA_DIR: dataDir } = await install();
  rmSync(join(dataDir, 'events', 'ledger.json'));
  // As after a kill.
  writeFileSync(join(dataDir, 'events', 'status'), 'PID: 1\n');
  damageFile(listTables(join(dataDir, 'events')).get('users')?.definition ?? '', 'truncated');
  const { outcome, message } = await startStores(dataDir);
  assert.equal(outcome, 'refused');
  assert.match(message, /users\.sql, which defines a table, is damaged\. Put this file back from a backup/);
  const { code, stdout } = await runCli(['doctor'], { APPFLOW_DATA_DIR: dataDir, PORT: '0' });
  assert.equal(code, 1);
  assert.match(stdout, /FAILED +event store: .*users\.sql, which defines a table, is damaged/);
});

it('names a full disk, at a later start too', async () => {
  const disk = mountDisk('160m');
  const { APPFLOW_DATA_DIR: dataDir } = await install(join(disk, 'data'));
  const filler = fillDisk(disk);
  const { outcome, message } = await startStores(dataDir);
  assert.equal(outcome, 'refused');
  assert.match(message, /disk .* make room/i);
  assert.doesNotMatch(message, /is using it/);
  rmSync(filler);
  assert.equal((await startStores(dataDir)).outcome, 'digest');
});

it('notices a damaged page of the control database while the server runs, soon after its start', async () => {
  const env = await install();
  const file = join(env.APPFLOW_DATA_DIR, 'control.db');
  const database = new Database(file);
  const root = database
    .prepare("SELECT rootpage FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'audit_log'")
    .pluck()
    .get();
  const pageBytes = Number(database.pragma('page_size', { simple: true }));
  database.close();
  rmSync(`${file}-sum`);
  damageFile(file, 'flipped', Number(root) * pageBytes - 3);
  await using server = await startServerProcess(env);
  let answer = await server.call('GET', '/readyz');
  await until('the server is degraded', async () => {
    answer = await server.call('GET', '/readyz');
    return answer.body.status === 'degraded';
  });
  assert.match(answer.body.warnings.join(), /control\.db is damaged \(.*\)\. Stop the server and restore/);
});
