import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'node:test';
import Database from 'better-sqlite3';
import { CompiledQuery } from 'kysely';
import { systemClock } from '../lib/clock.ts';
import { StorageError } from '../lib/errors.ts';
import { type Control, NO_CALLER, URGENT } from './control.ts';
import { openReadOnlySqliteControl, openSqliteControl } from './open-sqlite.ts';

let dir: string;
let file: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'appflow-control-'));
  file = join(dir, 'control.db');
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

const addSetting = (control: Control, name: string, value = 'x') =>
  control.write(NO_CALLER, ({ tx }) => tx.insertInto('settings').values({ name, value }).execute());

const listSettings = async ({ db }: Control) => {
  const rows = await db.selectFrom('settings').select('name').orderBy('name').execute();
  return rows.map((row) => row.name);
};

/** Returns a check that an error is the StorageError for this SQLite code, with this message. */
function isTrouble(code: RegExp, words: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof StorageError, String(error));
    assert.equal(error.reason, 'unavailable');
    assert.match(error.message, words);
    assert.ok(error.message.includes(file));
    assert.ok(error.cause instanceof Error && 'code' in error.cause);
    assert.match(String(error.cause.code), code);
    return true;
  };
}

it('waits for the write lock of another process without blocking the event loop, then writes', async () => {
  const control = await openSqliteControl(file, systemClock());
  const other = new Database(file);
  other.exec('BEGIN IMMEDIATE');
  let longestGapMs = 0;
  let last = performance.now();
  const heart = setInterval(() => {
    longestGapMs = Math.max(longestGapMs, performance.now() - last);
    last = performance.now();
  }, 5);
  const writes = ['a', 'b', 'c'].map((name) => addSetting(control, name));
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.deepEqual(await listSettings(control), [], 'reads go on meanwhile');
  other.exec('COMMIT');
  await Promise.all(writes);
  clearInterval(heart);
  assert.deepEqual(await listSettings(control), ['a', 'b', 'c']);
  assert.ok(longestGapMs < 300, `the event loop stood still for ${longestGapMs} ms`);
  other.close();
  await control.close();
});

it('gives up on a foreign write lock after 5 s, for all concurrent writes', async () => {
  const control = await openSqliteControl(file, systemClock());
  const other = new Database(file);
  other.exec('BEGIN IMMEDIATE');
  const from = performance.now();
  const refused = isTrouble(/^SQLITE_BUSY/, /another process holds it locked/);
  await Promise.all(['a', 'b'].map((name) => assert.rejects(addSetting(control, name), refused)));
  const tookMs = performance.now() - from;
  assert.ok(tookMs >= 4_900 && tookMs < 7_000, `${tookMs} ms`);
  other.exec('COMMIT');
  await addSetting(control, 'a');
  other.close();
  await control.close();
});

it('waits at the first start while another process creates the same database', async () => {
  const other = new Database(file);
  other.exec('BEGIN EXCLUSIVE; CREATE TABLE anything (id INTEGER)');
  const opening = openSqliteControl(file, systemClock());
  await new Promise((resolve) => setTimeout(resolve, 200));
  other.exec('COMMIT');
  const control = await opening;
  assert.deepEqual(await listSettings(control), []);
  other.close();
  await control.close();
});

it('reports a full disk, not the failed rollback after it, and works again once there is space', async () => {
  const control = await openSqliteControl(file, systemClock());
  // To SQLite, a page limit looks like a full disk. The pragma applies to this connection only.
  const { pages } = await pragma(control, 'page_count');
  await pragma(control, `max_page_count = ${pages}`);
  const refused = isTrouble(/^SQLITE_FULL/, /the disk is full; make room/);
  await assert.rejects(addSetting(control, 'big', 'x'.repeat(1_000_000)), refused);
  await assert.rejects(addSetting(control, 'big', 'x'.repeat(1_000_000)), refused);
  await pragma(control, 'max_page_count = 1000000');
  await addSetting(control, 'small');
  assert.deepEqual(await listSettings(control), ['small']);
  await control.close();
});

async function pragma({ db }: Control, text: string): Promise<{ pages: number }> {
  const { rows } = await db.executeQuery<Record<string, number>>(CompiledQuery.raw(`PRAGMA ${text}`));
  return { pages: Object.values(rows[0] ?? {})[0] ?? 0 };
}

it('syncs every commit and overwrites deleted content', async () => {
  const control = await openSqliteControl(file, systemClock());
  const settings = ['synchronous', 'secure_delete', 'foreign_keys', 'journal_mode'] as const;
  const { rows } = await control.db.executeQuery(
    CompiledQuery.raw(
      `SELECT ${settings.map((name) => `(SELECT * FROM pragma_${name}) AS ${name}`).join(', ')}`,
    ),
  );
  // 2 is FULL (https://sqlite.org/pragma.html#pragma_synchronous).
  assert.deepEqual(rows, [{ synchronous: 2, secure_delete: 1, foreign_keys: 1, journal_mode: 'wal' }]);
  await control.close();
});

it('names a file that is not a database in the error, with the fix', async () => {
  writeFileSync(file, 'this is a text file, and quite a long one at that\n'.repeat(100));
  const refused = isTrouble(/^SQLITE_NOTADB/, /not a SQLite database; move it away or restore/);
  await assert.rejects(openSqliteControl(file, systemClock()), refused);
});

it('reports failed reads and writes alike, and passes on errors in a statement unchanged', async () => {
  const control = await openSqliteControl(file, systemClock());
  await assert.rejects(
    control.write(NO_CALLER, ({ tx }) => tx.insertInto('revision').values({ id: 1, value: 0 }).execute()),
    /UNIQUE constraint failed/,
  );
  writeFileSync(file, Buffer.alloc(100_000, 7));
  rmSync(`${file}-wal`, { force: true });
  const second = openSqliteControl(file, systemClock());
  await assert.rejects(second, isTrouble(/^SQLITE_(NOTADB|IOERR|CORRUPT)/, /does not answer/));
  await control.close();
});

/** Returns the files of the folder and their content, without `-shm`, which contains only locks. */
const contents = () =>
  readdirSync(dir)
    .filter((name) => !name.endsWith('-shm'))
    .sort()
    .map((name) => [name, readFileSync(join(dir, name), 'base64')]);

/** Turns the database into one of an older release, without the last migrations. */
function forgetMigrations(from: string): void {
  const database = new Database(file);
  database.prepare('DELETE FROM schema_migrations WHERE name >= ?').run(from);
  database.close();
}

it('opens for reading without changing or creating a file, and lists pending migrations', async () => {
  await (await openSqliteControl(file, systemClock())).close();
  const current = await openReadOnlySqliteControl(file);
  assert.deepEqual(current.pendingMigrations, []);
  await current.close();
  forgetMigrations('0004');
  const before = contents();
  assert.deepEqual(readdirSync(dir), ['control.db', 'control.db-sum']);
  const old = await openReadOnlySqliteControl(file);
  assert.deepEqual(old.pendingMigrations.slice(0, 2), ['0004-key-usage', '0005-leaked-keys']);
  assert.equal((await old.db.selectFrom('projects').selectAll().execute()).length, 0);
  assert.deepEqual(readdirSync(dir), ['control.db', 'control.db-sum']);
  await assert.rejects(
    old.db.insertInto('settings').values({ name: 'x', value: 'x' }).execute(),
    /cannot be written/,
  );
  await old.close();
  assert.deepEqual(readdirSync(dir), ['control.db', 'control.db-sum']);
  assert.deepEqual(contents(), before);
});

it('is refused if a newer release has used it, even if that has only added to it: nothing else shares the file', async () => {
  await (await openSqliteControl(file, systemClock())).close();
  const database = new Database(file);
  database.exec("INSERT INTO schema_migrations VALUES ('9998-later-additive', 1)");
  database.close();
  await assert.rejects(
    openSqliteControl(file, systemClock()),
    /newer release .* \(it has 9998-later-additive\)/,
  );
});

it('opens for reading while another process has it open, and sees what is still in its write-ahead log', async () => {
  const control = await openSqliteControl(file, systemClock());
  await addSetting(control, 'fresh');
  const before = contents();
  const seen = await openReadOnlySqliteControl(file);
  const rows = await seen.db.selectFrom('settings').select('name').execute();
  assert.deepEqual(rows, [{ name: 'fresh' }]);
  await seen.close();
  assert.deepEqual(contents(), before);
  await addSetting(control, 'later');
  await control.close();
});

it('lists every migration as pending for an empty file, and reports a file that is not a database', async () => {
  writeFileSync(file, '');
  const empty = await openReadOnlySqliteControl(file);
  assert.equal(empty.pendingMigrations[0], '0001-projects-apps-keys');
  await empty.close();
  writeFileSync(file, 'too short');
  await assert.rejects(openReadOnlySqliteControl(file), isTrouble(/^SQLITE_NOTADB/, /not a SQLite database/));
});

it('frees one piece of the reserve in 30 s for a failure that a broken disk may cause, and all of it for a full one', async () => {
  let [now, left] = [1_000_000, 16];
  const giveUpReserve = () => {
    left = Math.max(0, left - 1);
    return left > 0;
  };
  const control = await openSqliteControl(file, { now: () => now }, { reserve: { giveUpReserve } });
  const fail = (code: string) => {
    const error = new StorageError('unavailable', 'The disk fails', Object.assign(new Error(code), { code }));
    return assert.rejects(
      control.write(NO_CALLER, () => Promise.reject(error), URGENT),
      error,
    );
  };
  for (let attempt = 0; attempt < 5; attempt += 1) await fail('SQLITE_IOERR_WRITE');
  await fail('SQLITE_CANTOPEN');
  assert.equal(left, 15);
  now += 29_999;
  await fail('SQLITE_IOERR_FSYNC');
  assert.equal(left, 15);
  now += 1;
  await fail('SQLITE_IOERR_FSYNC');
  assert.equal(left, 14);
  await fail('SQLITE_FULL');
  assert.equal(left, 0);
  await control.close();
});

it('closes completely although its open mark can be neither removed nor written', async () => {
  const control = await openSqliteControl(file, systemClock());
  rmSync(`${file}-open`);
  mkdirSync(`${file}-open`);
  await control.close();
  assert.equal(existsSync(`${file}-wal`), false, 'the last connection that closes removes the log');
});

it('leaves no connection open if it cannot remove the checksum of the last close', async () => {
  await (await openSqliteControl(file, systemClock())).close();
  const other = new Database(file);
  other.prepare('SELECT count(*) FROM settings').get();
  rmSync(`${file}-sum`);
  mkdirSync(`${file}-sum`);
  await assert.rejects(openSqliteControl(file, systemClock()), /directory/);
  other.close();
  assert.equal(existsSync(`${file}-wal`), false, 'the last connection that closes removes the log');
});

// Regression: the second connection read the shared memory as a file, which dropped the lock on it. The process that
// checks the pages then truncated it, and this process died of SIGBUS.
it('keeps its locks when this process opens the database once more', {
  skip: !existsSync('/proc/locks'),
}, async () => {
  const control = await openSqliteControl(file, systemClock());
  await addSetting(control, 'a');
  const inode = String(statSync(`${file}-shm`).ino);
  const countLocks = () =>
    readFileSync('/proc/locks', 'utf8')
      .split('\n')
      .filter((line) => line.includes(` ${process.pid} `) && line.includes(`:${inode} `)).length;
  const held = countLocks();
  assert.ok(held > 0, 'a connection to a database with a write-ahead log locks its shared memory');
  const second = await openSqliteControl(file, systemClock());
  const reader = await openReadOnlySqliteControl(file);
  assert.equal(countLocks(), held);
  await Promise.all([reader.close(), second.close()]);
  assert.equal(countLocks(), held);
  await control.close();
});
