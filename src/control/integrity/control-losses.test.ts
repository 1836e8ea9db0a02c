import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../test/support/harness.ts';
import { systemClock } from '../../lib/clock.ts';
import type { Control } from '../control.ts';
import { openSqliteControl } from '../open-sqlite.ts';
import { acceptControlLosses, listNewLosses } from './control-losses.ts';

const addSetting = ({ db }: Control, name: string) =>
  db.insertInto('settings').values({ name, value: 'value' }).execute();

/** Returns the path of a closed database. */
async function createDatabase(): Promise<string> {
  const file = join(makeTempDir(), 'control.db');
  const control = await openSqliteControl(file, systemClock());
  await addSetting(control, 'first');
  await control.close();
  return file;
}

/** Returns the path of a database as a killed process leaves it: the last commits are only in its write-ahead log. */
async function createKilled(): Promise<string> {
  const from = await createDatabase();
  const control = await openSqliteControl(from, systemClock());
  for (const name of ['second', 'third', 'fourth']) await addSetting(control, name);
  const file = join(makeTempDir(), 'control.db');
  for (const end of ['', '-wal', '-shm']) copyFileSync(from + end, file + end);
  await control.close();
  return file;
}

async function openAndClose(file: string): Promise<string[]> {
  const control = await openSqliteControl(file, systemClock());
  const problems = control.listProblems();
  await control.close();
  return problems;
}

describe('a control database', () => {
  it('has no problem after a stop, after a kill, and without its shared memory', async () => {
    assert.deepEqual(await openAndClose(await createDatabase()), []);
    const killed = await createKilled();
    assert.deepEqual(await openAndClose(killed), []);
    assert.deepEqual(await openAndClose(killed), []);
    const bare = await createKilled();
    rmSync(`${bare}-shm`);
    assert.deepEqual(await openAndClose(bare), []);
  });

  it('reports commits that its write-ahead log lacks, at each start until that is accepted', async () => {
    const damages: ((log: string) => void)[] = [
      (log) => rmSync(log),
      (log) => truncateSync(log, 0),
      (log) => truncateSync(log, readFileSync(log).length - 1),
      (log) => flip(log, 10),
      (log) => flip(log, readFileSync(log).length - 5),
    ];
    for (const damage of damages) {
      const file = await createKilled();
      damage(`${file}-wal`);
      assert.match((await openAndClose(file)).join(), /-wal is missing or damaged: the last changes/);
      assert.match((await openAndClose(file)).join(), /-wal is missing or damaged: the last changes/);
      assert.ok(existsSync(acceptControlLosses(file, new Date()) ?? ''));
      assert.deepEqual(await openAndClose(file), []);
    }
  });

  it('reports that its write-ahead log is gone with its shared memory, but not while others close it', async () => {
    const file = await createDatabase();
    const [one, other] = [
      await openSqliteControl(file, systemClock()),
      await openSqliteControl(file, systemClock()),
    ];
    await one.close();
    assert.ok(existsSync(`${file}-open`), 'the other one has it open');
    assert.deepEqual(listNewLosses(file), []);
    await addSetting(other, 'second');
    const copy = join(makeTempDir(), 'control.db');
    for (const end of ['', '-open']) copyFileSync(file + end, copy + end);
    await other.close();
    assert.equal(existsSync(`${file}-open`), false);
    assert.deepEqual(listNewLosses(file), []);
    assert.match((await openAndClose(copy)).join(), /-wal is missing or damaged: the last changes/);
    assert.match((await openAndClose(copy)).join(), /-wal is missing or damaged: the last changes/);
    assert.ok(acceptControlLosses(copy, new Date()));
    assert.deepEqual(await openAndClose(copy), []);
  });

  it('reports a value that changed while it was closed', async () => {
    const file = await createDatabase();
    flip(file, readFileSync(file).indexOf('firstvalue'));
    assert.match((await openAndClose(file)).join(), /is not as Appflow left it/);
  });

  it('is compared only with what the last process to close it left', async () => {
    const file = await createDatabase();
    const [one, other] = [
      await openSqliteControl(file, systemClock()),
      await openSqliteControl(file, systemClock()),
    ];
    await addSetting(one, 'second');
    await one.close();
    assert.equal(existsSync(`${file}-sum`), false);
    await addSetting(other, 'third');
    await other.close();
    assert.ok(existsSync(`${file}-sum`));
    assert.deepEqual(listNewLosses(file), []);
  });
});

function flip(file: string, offset: number): void {
  const bytes = readFileSync(file);
  bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}
