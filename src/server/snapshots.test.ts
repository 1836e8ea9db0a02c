import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { makeTempDir } from '../../test/support/harness.ts';
import { DAY_MS } from '../lib/durations.ts';
import { openLog } from '../lib/log.ts';
import { listSnapshots, removeOldSnapshots } from './snapshots.ts';

const NOW = Date.UTC(2026, 11, 1);

function addSnapshot(dataDir: string, name: string, ageMs: number): string {
  const folder = join(dataDir, 'snapshots', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'control.db'), '');
  const note = { at: new Date(NOW - ageMs).toISOString(), release: '1.0.0', schema: '' };
  writeFileSync(join(folder, 'snapshot.json'), JSON.stringify(note));
  return folder;
}

it('a snapshot is removed after two weeks, and an incomplete one is never listed', () => {
  const dataDir = makeTempDir();
  const [old, recent] = [addSnapshot(dataDir, 'a', 15 * DAY_MS), addSnapshot(dataDir, 'b', 13 * DAY_MS)];
  addSnapshot(dataDir, 'c.draft', 0);
  removeOldSnapshots(dataDir, NOW, openLog('silent'));
  assert.deepEqual([existsSync(old), existsSync(recent)], [false, true]);
  assert.deepEqual(
    listSnapshots(dataDir).map(({ folder }) => folder),
    [recent],
  );
});

it('one with a damaged note does not stop a start', () => {
  const dataDir = makeTempDir();
  writeFileSync(join(addSnapshot(dataDir, 'a', 0), 'snapshot.json'), '');
  assert.doesNotThrow(() => removeOldSnapshots(dataDir, NOW, openLog('silent')));
});
