import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  CONNECTIONS_MAX,
  decideCaps,
  findOpenFilesWarning,
  OPEN_FILES_WANTED,
  readOpenFilesMax,
} from './limits.ts';

it('leaves a quarter of the files, and at least 256, to the databases', () => {
  assert.deepEqual(decideCaps(1_024), { total: 768, perAddress: 192 });
  assert.deepEqual(decideCaps(400), { total: 144, perAddress: 36 });
  assert.deepEqual(decideCaps(OPEN_FILES_WANTED), {
    total: CONNECTIONS_MAX,
    perAddress: CONNECTIONS_MAX / 4,
  });
  assert.deepEqual(decideCaps(Number.POSITIVE_INFINITY), { total: CONNECTIONS_MAX, perAddress: 2_500 });
  assert.ok(decideCaps(64).total > 0);
});

it('lets a proxy keep 512 connections even where only 1,024 files may be open', () => {
  assert.ok(decideCaps(1_024).total > 512);
});

it('warns of a limit that does not leave all connections room', () => {
  assert.equal(findOpenFilesWarning(OPEN_FILES_WANTED), undefined);
  assert.match(findOpenFilesWarning(OPEN_FILES_WANTED - 1) ?? '', /ulimit -n/);
});

it('reads the limit of the process', () => {
  assert.ok(readOpenFilesMax() >= 256);
});
