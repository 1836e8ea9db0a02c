import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { makeConfig, makeTempDir } from '../../../test/support/harness.ts';
import { openLog } from '../../lib/log.ts';
import { createSnapshots } from './keep-snapshot.ts';
import { listSnapshots } from './snapshots.ts';

const configOf = (dataDir: string) => ({
  ...makeConfig(),
  ...{ dataDir, databaseUrl: undefined, clickhouseUrl: undefined },
});
const copyControl = async (file: string) => writeFileSync(file, '');

it('a snapshot that fails leaves nothing behind, removes what a kill left first, and says what to do', async () => {
  const dataDir = makeTempDir();
  const left = join(dataDir, 'snapshots/2026-11-01T00-00-00.000Z.draft');
  mkdirSync(left, { recursive: true });
  const keep = createSnapshots(configOf(dataDir), openLog('silent'));
  const failing = keep(async (file) => {
    assert.ok(!existsSync(left));
    await copyControl(file);
    throw new Error('the disk is full');
  });
  await assert.rejects(failing, /could not be kept .*the disk is full\. Nothing was changed/);
  assert.deepEqual(readdirSync(join(dataDir, 'snapshots')), []);
});

it('an upgrade keeps one snapshot, also where several processes take part in it', async () => {
  const dataDir = makeTempDir();
  for (let process = 0; process < 2; process += 1)
    await createSnapshots(configOf(dataDir), openLog('silent'))(copyControl);
  assert.equal(listSnapshots(dataDir).length, 1);
});
