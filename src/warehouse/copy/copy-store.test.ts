import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { cleanUp } from '../../../test/support/clean-up.ts';
import { createTestStore, eventRow } from '../../../test/support/warehouse-store.ts';
import { loadLog, logFolder } from '../log/segments.ts';

const store = await createTestStore();
const warehouse = await store.open();
const folder = mkdtempSync(join(tmpdir(), 'appflow-copy-'));
cleanUp(async () => {
  await warehouse.close();
  await store.remove();
  rmSync(folder, { recursive: true, force: true });
});

test('a copy is one moment: everything acknowledged before is in its tables, and nothing is stored meanwhile', async () => {
  await warehouse.append([eventRow({ event_id: 'before' })]);
  assert.equal((await loadLog(logFolder(store.path))).records.length, 1, 'it is only in the log so far');
  const copy = join(folder, 'one');
  let later: Promise<unknown> = Promise.resolve();
  await warehouse.copyTo(copy, async () => {
    let isStored = false;
    later = warehouse.append([eventRow({ event_id: 'later' })]).then(() => {
      isStored = true;
    });
    await setTimeout(300);
    assert.equal(isStored, false);
  });
  await later;
  const log = await loadLog(logFolder(copy));
  assert.deepEqual([log.records, log.damages], [[], []]);
  assert.ok(existsSync(join(copy, 'store')));
});

test('waits for nothing after a failure: what it was to run meanwhile rejects it, and events are stored again', async () => {
  const failing = warehouse.copyTo(join(folder, 'two'), () => Promise.reject(new Error('no snapshot')));
  await assert.rejects(failing, /no snapshot/);
  assert.deepEqual(await warehouse.append([eventRow({ event_id: 'after' })]), [true]);
});

test('contains the files of parts as links, which take no space', async () => {
  const copy = join(folder, 'three');
  await warehouse.copyTo(copy, async () => {});
  const files = readdirSync(copy, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('data.bin'),
  );
  assert.ok(files.length > 0);
  for (const file of files)
    assert.deepEqual(readFileSync(join(copy, file)), readFileSync(join(store.path, file)));
  for (const file of files)
    assert.equal(statSync(join(copy, file)).ino, statSync(join(store.path, file)).ino);
});
