import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { VERSION } from '../../src/config/version.ts';
import { makeTempDir } from '../support/harness.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
const COMMAND = join(ROOT, 'bin/appflow');

test('bin/appflow runs from any folder, through links, on the Node that npm ci installed', async () => {
  const folder = makeTempDir();
  const [link, other] = [join(folder, 'appflow'), join(folder, 'relative')];
  symlinkSync(COMMAND, link);
  symlinkSync('appflow', other);
  // Without any Node on the PATH, as on a machine that has another version or none.
  const options = { cwd: folder, env: { PATH: '/usr/bin:/bin', APPFLOW_DATA_DIR: 'mine' } };
  for (const command of [COMMAND, link, other]) {
    assert.equal((await run(command, ['--version'], options)).stdout, `${VERSION}\n`);
  }
  const failed = await run(link, ['keys', 'list'], options).catch((error) => error);
  assert.equal(failed.code, 2);
  assert.ok(failed.stderr.includes(`There is no project in ${join(folder, 'mine')} yet.`), failed.stderr);
});

// `bin/appflow` exists in a clone only: an installed package has `npx appflow`.
test('writes every command that it prints as one that works however Appflow was started', () => {
  const sources = globSync('src/**/*.ts', { cwd: ROOT, exclude: ['**/*.test.ts'] });
  const fixed = sources.filter((file) => {
    const code = readFileSync(join(ROOT, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
    return /['`" (]bin\/appflow [a-z]/.test(code);
  });
  // The documentation of errors is about a clone, like all pages.
  assert.deepEqual(fixed, ['src/api/error-codes.ts']);
});
