import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'node:test';
import Database from 'better-sqlite3';
import { copyControl, openControlAlone, openControlSnapshot } from './copy-sqlite.ts';
import { lacksLog } from './integrity/open-mark.ts';

let dir: string;
let file: string;
let database: Database.Database;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'appflow-copy-'));
  file = join(dir, 'control.db');
  database = new Database(file);
  database.pragma('journal_mode = WAL');
  database.exec("CREATE TABLE t (a); INSERT INTO t VALUES ('before')");
});

afterEach(() => {
  database.close();
  rmSync(dir, { recursive: true, force: true });
});

function readCopy(copy: string): unknown[] {
  const opened = new Database(copy);
  const rows = opened.prepare('SELECT a FROM t').pluck().all();
  opened.close();
  return rows;
}

it('a snapshot is the moment in which it was opened, whatever is stored before it is copied', async () => {
  const copy = join(dir, 'copy.db');
  const snapshot = openControlSnapshot(file);
  database.exec("INSERT INTO t VALUES ('later')");
  database.pragma('wal_checkpoint(PASSIVE)');
  await snapshot.copyTo(copy);
  snapshot.close();
  assert.deepEqual(readCopy(copy), ['before']);
});

it('a copy of a closed database leaves no files beside it, and contains what it lost', async () => {
  database.close();
  writeFileSync(`${file}-losses`, 'a loss\n');
  const copy = join(dir, 'copy.db');
  await copyControl(file, copy);
  assert.ok(!existsSync(`${file}-wal`));
  assert.equal(readFileSync(`${copy}-losses`, 'utf8'), 'a loss\n');
  assert.deepEqual(readCopy(copy), ['before']);
});

it('a copy of a database in use contains what is only in its write-ahead log', async () => {
  const copy = join(dir, 'copy.db');
  database.exec("INSERT INTO t VALUES ('logged')");
  await copyControl(file, copy);
  assert.deepEqual(readCopy(copy), ['before', 'logged']);
});

it('opens a database alone only while nothing else has it open, and leaves it as it was', async () => {
  const copy = join(dir, 'copy.db');
  assert.throws(() => openControlAlone(file), /Another process has .* open/);
  database.close();
  const before = readFileSync(file);
  const alone = openControlAlone(file);
  const other = new Database(file, { timeout: 0 });
  assert.throws(() => other.prepare('SELECT a FROM t').get(), /locked/);
  other.close();
  await alone.copyTo(copy);
  alone.close();
  assert.deepEqual(readCopy(copy), ['before']);
  assert.deepEqual(readFileSync(file), before);
  assert.ok(!existsSync(`${file}-wal`));
});

it('a log that a killed process left is not missing after the database was opened alone', () => {
  const killed = join(dir, 'killed.db');
  database.exec("INSERT INTO t VALUES ('logged')");
  for (const end of ['', '-wal']) copyFileSync(`${file}${end}`, `${killed}${end}`);
  writeFileSync(`${killed}-open`, '');
  openControlAlone(killed).close();
  assert.deepEqual([existsSync(`${killed}-wal`), lacksLog(killed)], [false, false]);
  assert.deepEqual(readCopy(killed), ['before', 'logged']);
  writeFileSync(`${killed}-open`, '');
  openControlAlone(killed).close();
  assert.ok(lacksLog(killed), 'a log that was missing before stays so');
});
