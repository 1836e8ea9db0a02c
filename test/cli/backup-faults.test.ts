import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import Database from 'better-sqlite3';
import { openDestination } from '../../src/cli/backup/destination.ts';
import { MANIFEST, type Manifest } from '../../src/cli/backup/manifest.ts';
import { restoreBackup } from '../../src/cli/backup/restore-backup.ts';
import { damageFile } from '../storage/damage/damage-file.ts';
import { listTables } from '../storage/damage/list-tables.ts';
import { makeTempDir } from '../support/harness.ts';
import { fillDiskUntil, mountDisk } from '../support/small-disk.ts';
import { until } from '../support/until.ts';
import { backUp, type Printed, startBackup, startRestore } from './backup-runs.ts';
import { copySource, type MoveSource, makeMoveSource } from './move-source.ts';

const template = await makeMoveSource();

/** Damages all parts of the events, also those that others were merged from. No start has found it yet. */
function loseEvents({ dataDir }: MoveSource): void {
  const folder = listTables(join(dataDir, 'events')).get('events')?.folder ?? '';
  const files = readdirSync(folder).map((name) => join(folder, name, 'data.bin'));
  for (const file of files.filter((one) => existsSync(one))) damageFile(file, 'truncated');
}

describe('a backup of stores that lack something', () => {
  const [source, place] = [copySource(template), makeTempDir()];

  it('says so, fails, removes no earlier backup, and is restored only with --accept-loss', async () => {
    const whole = await backUp(source, place);
    assert.deepEqual(whole.problems, []);
    loseEvents(source);
    const { code, stdout, stderr } = await startBackup(source, place, '--keep', '1').ended;
    const printed = JSON.parse(stdout) as Printed;
    assert.equal(code, 1);
    assert.match(printed.problems.join('\n'), /stored events are lost/);
    assert.match(stderr, /Warning: .*stored events are lost.*no earlier backup was removed/s);
    assert.deepEqual(printed.removed, []);
    assert.deepEqual(
      readdirSync(place).toSorted(),
      [whole.backup, printed.backup].map((one) => basename(one)),
    );

    const dataDir = join(makeTempDir(), 'new');
    const refused = await startRestore(printed.backup, dataDir).ended;
    assert.deepEqual([refused.code, existsSync(dataDir)], [2, false], refused.stdout);
    assert.match(
      refused.stderr,
      /already been lost when this backup was taken:\n.*stored events are lost.*\n.*--accept-loss/,
    );
    const restored = await startRestore(printed.backup, dataDir, '--accept-loss').ended;
    assert.equal(restored.code, 0, restored.stderr);
    assert.match(restored.stderr, /as of the backup: .*stored events are lost/);
    assert.ok(existsSync(join(dataDir, 'control.db')));

    const file = join(printed.backup, MANIFEST);
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
    writeFileSync(file, JSON.stringify({ ...manifest, problems: [] }));
    const unlisted = await startRestore(printed.backup, join(makeTempDir(), 'new'), '--accept-loss').ended;
    assert.equal(unlisted.code, 1);
    assert.match(unlisted.stderr, /does not contain what its manifest says/);
  });

  it('says so too if what is lost is of the control database', async () => {
    const changed = copySource(template);
    writeFileSync(join(changed.dataDir, 'control.db-losses'), 'A revocation is lost.\n');
    const { code, stdout } = await startBackup(changed, makeTempDir()).ended;
    assert.equal(code, 1);
    const { problems, backup } = JSON.parse(stdout) as Printed;
    assert.deepEqual(problems, ['A revocation is lost.']);
    const refused = await startRestore(backup, join(makeTempDir(), 'new')).ended;
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /already been lost when this backup was taken:\n {2}A revocation is lost\./);
  });

  it('is not restored with --accept-loss either if a file of it is damaged', async () => {
    const { backup } = await backUp(copySource(template), makeTempDir());
    damageFile(join(backup, 'control.db'), 'truncated');
    const dataDir = join(makeTempDir(), 'new');
    const { code, stderr } = await startRestore(backup, dataDir, '--accept-loss').ended;
    assert.equal(code, 1);
    assert.match(stderr, /control\.db of .* is damaged: its checksum differs/);
    assert.equal(existsSync(join(dataDir, 'control.db')), false);
  });
});

describe('a backup that fails', () => {
  it('leaves nothing on the full disk, so that the next one has space', async () => {
    const [source, place] = [copySource(template), mountDisk('40m')];
    const { backup } = await backUp(source, place);
    const incomplete = join(place, `2026-01-01T00-00-00.000Z${backup.slice(backup.lastIndexOf('-'))}`);
    mkdirSync(incomplete);
    const filler = fillDiskUntil(place, 100_000);
    const { code, stderr } = await startBackup(source, place).ended;
    assert.equal(code, 1);
    assert.match(stderr, /ENOSPC/);
    assert.deepEqual(readdirSync(place).toSorted(), [basename(backup), 'filler'].toSorted());
    assert.ok(!existsSync(join(source.dataDir, 'copying')));
    rmSync(filler);
    await backUp(source, place);
  });

  it('because it was interrupted says so, and leaves nothing behind', async () => {
    const [source, place] = [copySource(template), makeTempDir()];
    const { child, ended } = startBackup(source, place);
    await until('copying', async () => readdirSync(place).length > 0);
    child.kill('SIGTERM');
    const { code, stderr } = await ended;
    assert.deepEqual([code, stderr], [1, 'Interrupted. No backup was made.\n']);
    assert.deepEqual(readdirSync(place), []);
    assert.ok(!existsSync(join(source.dataDir, 'copying')));
  });

  it('copies nothing while a process that it cannot see has the data folder open, as in another container', async () => {
    const [source, place] = [copySource(template), makeTempDir()];
    const database = new Database(join(source.dataDir, 'control.db'));
    try {
      database.pragma('user_version = 0');
      const { code, stderr } = await startBackup(source, place).ended;
      assert.equal(code, 1);
      assert.match(stderr, /The data folder is in use/);
    } finally {
      database.close();
    }
    await backUp(source, place);
  });
});

it('a restore that was killed in a container can be repeated by a command with its process ID', async () => {
  const { backup } = await backUp(copySource(template), makeTempDir());
  const dataDir = makeTempDir();
  mkdirSync(join(dataDir, 'restoring'));
  writeFileSync(join(dataDir, 'restoring/owner'), String(process.pid));
  await restoreBackup({
    ...{ dataDir, destination: openDestination(dirname(backup)), name: basename(backup) },
    ...{ verifies: false, acceptsLoss: false },
    signal: new AbortController().signal,
  });
  assert.ok(existsSync(join(dataDir, 'control.db')));
});
