import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../test/support/harness.ts';
import { DAY_MS } from '../../lib/durations.ts';
import { listSnapshots, removeOldSnapshots, replacedFolder, toFolderName } from './snapshots.ts';

const NOW = Date.UTC(2026, 11, 1);
const at = (ageMs: number) => new Date(NOW - ageMs).toISOString();

function addSnapshot(dataDir: string, ageMs: number, end = ''): string {
  const folder = join(dataDir, 'snapshots', `${toFolderName(at(ageMs))}${end}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'control.db'), '');
  writeFileSync(join(folder, 'snapshot.json'), JSON.stringify({ at: at(ageMs), schema: '' }));
  return folder;
}

const list = (dataDir: string) => listSnapshots(dataDir).map(({ folder }) => folder);

describe('listSnapshots', () => {
  it('skips drafts, and what a kill or an interrupted removal left incomplete', () => {
    const dataDir = makeTempDir();
    addSnapshot(dataDir, 0, '.draft');
    rmSync(join(addSnapshot(dataDir, 1), 'snapshot.json'));
    rmSync(join(addSnapshot(dataDir, 2), 'control.db'));
    writeFileSync(join(addSnapshot(dataDir, 3), 'snapshot.json'), '');
    writeFileSync(join(dataDir, 'snapshots/notes.txt'), '');
    const complete = addSnapshot(dataDir, 4);
    assert.deepEqual(list(dataDir), [complete]);
  });
});

describe('removeOldSnapshots', () => {
  it('removes after two weeks what was kept and what was replaced, complete or not', async () => {
    const dataDir = makeTempDir();
    const old = [addSnapshot(dataDir, 15 * DAY_MS), addSnapshot(dataDir, 16 * DAY_MS)];
    rmSync(join(old[1] ?? '', 'snapshot.json'));
    const recent = addSnapshot(dataDir, 13 * DAY_MS);
    const replaced = [15, 13].map((days) => replacedFolder(dataDir, at(days * DAY_MS)));
    for (const folder of replaced) mkdirSync(join(folder, 'events'), { recursive: true });
    await removeOldSnapshots(dataDir, NOW);
    assert.deepEqual(
      [...old, recent, ...replaced].map((folder) => existsSync(folder)),
      [false, false, true, false, true],
    );
  });

  it('removes drafts, and all snapshots but the last', async () => {
    const dataDir = makeTempDir();
    addSnapshot(dataDir, 2 * DAY_MS);
    addSnapshot(dataDir, 0, '.draft');
    const last = addSnapshot(dataDir, DAY_MS);
    await removeOldSnapshots(dataDir, NOW);
    assert.deepEqual(list(dataDir), [last]);
    assert.equal(readdirSync(join(dataDir, 'snapshots')).length, 1);
  });

  it('changes nothing in a data folder without snapshots', async () => {
    await removeOldSnapshots(makeTempDir(), NOW);
    await removeOldSnapshots(join(makeTempDir(), 'missing'), NOW);
  });
});
