import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeLogFolder } from '../../../test/support/warehouse-store.ts';
import { StorageError } from '../../lib/errors.ts';
import { withRowFile } from './row-file.ts';

test('has all parts in a file that leaves nothing behind, not even after a kill', async () => {
  const folder = makeLogFolder();
  await withRowFile(folder, [Buffer.from('a'), Buffer.alloc(0), Buffer.from('bc')], async (path) => {
    assert.equal(readFileSync(path, 'utf8'), 'abc');
    if (process.platform === 'linux') assert.deepEqual(readdirSync(folder), []);
  });
  assert.deepEqual(readdirSync(folder), []);
});

test('rejects as the work does, and as unavailable when the file cannot be written', async () => {
  const failed = new Error('injected');
  const fail = () => withRowFile(makeLogFolder(), [], () => Promise.reject(failed));
  await assert.rejects(fail, failed);
  const isUnavailable = (error: unknown) => error instanceof StorageError && error.reason === 'unavailable';
  await assert.rejects(
    withRowFile('/dev/null/log', [], async () => {}),
    isUnavailable,
  );
});
