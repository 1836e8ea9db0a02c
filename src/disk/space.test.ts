import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../test/support/harness.ts';
import { openLog } from '../lib/log.ts';
import { createDiskSpace } from './space.ts';

function open() {
  const dataDir = makeTempDir();
  const lines: string[] = [];
  const log = openLog('info', (text) => text, { write: (line) => lines.push(line) });
  return { file: join(dataDir, 'disk-reserve'), disk: createDiskSpace(dataDir, log), lines };
}

describe('the disk reserve', () => {
  it('is freed piece by piece, and events are refused until it is complete again', async () => {
    const { file, disk } = open();
    writeFileSync(file, Buffer.alloc(3 * 1024 * 1024));
    const freed = [disk.giveUpReserve(), disk.giveUpReserve(), disk.giveUpReserve()];
    assert.deepEqual(freed, [true, true, false]);
    assert.equal(disk.reserveBytes(), 0);
    await disk.check();
    assert.equal(disk.isLow(), true);
    await disk.fillReserve(new AbortController().signal);
    await disk.check();
    assert.equal(disk.isLow(), false);
  });

  for (const [what, breakFile] of [
    ['freed', (file: string) => mkdirSync(file)],
    ['read', (file: string) => symlinkSync(file, file)],
  ] as const) {
    it(`refuses no events, and logs nothing, when a write fails on a disk where it cannot be ${what}`, () => {
      const { file, disk, lines } = open();
      breakFile(file);
      assert.equal(disk.giveUpReserve(), false);
      assert.equal(disk.isLow(), false);
      assert.deepEqual(lines, []);
    });
  }
});
