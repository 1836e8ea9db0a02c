import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeConfig, makeTempDir } from '../../test/support/harness.ts';
import { prepareDataDir } from './data-dir.ts';
import { openControlServices } from './open-services.ts';

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe('the data folder', () => {
  it('is created for its owner only, parent folders included', () => {
    const above = join(makeTempDir(), 'above');
    const dataDir = join(above, 'data');
    assert.equal(prepareDataDir({ dataDir, databaseUrl: undefined }).rightsWarning, undefined);
    for (const made of [above, dataDir, join(dataDir, 'secrets')]) assert.equal(modeOf(made), '700');
  });

  it('fails immediately with the fix where no folder can be created', () => {
    const file = join(makeTempDir(), 'file');
    writeFileSync(file, 'x');
    for (const dataDir of ['/proc/foo', '/proc/foo/bar', '/dev/null/data', join(file, 'data')]) {
      assert.throws(() => prepareDataDir({ dataDir, databaseUrl: undefined }), {
        message: new RegExp(`^APPFLOW_DATA_DIR is ${dataDir}: .*(?:[Uu]se a|or use a)(?:nother)? folder\\.$`),
      });
    }
  });

  it('keeps existing permissions and content, with a warning if other users can read it', () => {
    for (const mode of [0o755, 0o750, 0o701]) {
      const dataDir = makeTempDir();
      const [file, folder] = [join(dataDir, 'theirs.txt'), join(dataDir, 'theirs')];
      writeFileSync(file, 'x');
      mkdirSync(folder);
      for (const [path, itsMode] of [
        [dataDir, mode],
        [folder, 0o755],
        [file, 0o644],
      ] as const)
        chmodSync(path, itsMode);
      assert.match(
        prepareDataDir({ dataDir, databaseUrl: undefined }).rightsWarning ?? '',
        /Other users can read .* chmod go= /,
      );
      assert.deepEqual([dataDir, folder, file].map(modeOf), [mode.toString(8), '755', '644']);
      assert.equal(modeOf(join(dataDir, 'secrets')), '700');
    }
  });

  it('causes no warning if it exists and only its owner can read it', () => {
    const dataDir = makeTempDir();
    chmodSync(dataDir, 0o700);
    assert.equal(prepareDataDir({ dataDir, databaseUrl: undefined }).rightsWarning, undefined);
  });

  it('logs a warning at each start if other users can read it, and keeps new files private', async () => {
    const config = makeConfig({ LOG_LEVEL: 'warn' });
    const lines: string[] = [];
    const start = async () =>
      (await openControlServices(config, undefined, { write: (line) => lines.push(line) })).close();
    await start();
    assert.deepEqual(lines, []);
    chmodSync(config.dataDir, 0o755);
    await start();
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /"level":40.*Other users can read/);
    assert.deepEqual([config.dataDir, join(config.dataDir, 'control.db')].map(modeOf), ['755', '600']);
  });
});
