import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { END } from './failed-files.ts';
import { makeTempDir } from './harness.ts';

const REPORTER = join(import.meta.dirname, 'failed-files.ts');

/** Runs test files as the runner does, and returns the lines of the reporter. */
function run(files: Record<string, string>): string[] {
  const dir = makeTempDir();
  mkdirSync(join(dir, 'helpers'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  const names = Object.keys(files).filter((name) => name.endsWith('.test.ts'));
  const output = join(dir, 'failed');
  const reporter = [`--test-reporter=${REPORTER}`, `--test-reporter-destination=${output}`];
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  spawnSync(process.execPath, ['--test', ...reporter, ...names], { cwd: dir, env });
  return readFileSync(output, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^.*\//, ''));
}

const HEAD = "import test, { it } from 'node:test';\n";

it('names each test file with a failure once, also if a helper registered the test or the hook, and nothing else', () => {
  const lines = run({
    'helpers/fails.ts': `${HEAD}export const fail = () => it('fails', () => { throw new Error('no'); });
      export const failLater = () => test.after(() => { throw new Error('no'); });`,
    'a.test.ts': `${HEAD}it('passes', () => {});`,
    'b.test.ts': "import { fail } from './helpers/fails.ts';\nfail();\nfail();",
    'c.test.ts': `${HEAD}import { failLater } from './helpers/fails.ts';\nfailLater();\nit('passes', () => {});`,
    'd.test.ts': 'process.exit(3);',
  });
  assert.deepEqual(lines.slice(0, -1).sort(), ['b.test.ts', 'c.test.ts', 'd.test.ts']);
  assert.equal(lines.at(-1), END);
});
