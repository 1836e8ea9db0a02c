import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { cleanUp } from '../support/clean-up.ts';
import { findFreePort } from '../support/free-port.ts';
import { makeTempDir } from '../support/harness.ts';

const ROOT = join(import.meta.dirname, '../..');
const LIMIT_MS = 5 * 60_000;
const run = promisify(execFile);

const [, quickStart = ''] = readFileSync(join(ROOT, 'README.md'), 'utf8').split('\n## Quick start\n');
const [install = '', init = '', variables = '', send = '', query = ''] = [
  ...quickStart.matchAll(/^```sh[^\n]*\n([\s\S]*?)^```$/gm),
].map(([, commands = '']) => commands);

/** Copies what git has or would add, as a clone would contain it. */
async function checkOut(folder: string): Promise<void> {
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
  });
  for (const file of stdout.split('\0').filter((name) => name !== '')) {
    cpSync(join(ROOT, file), join(folder, file));
  }
}

const isAdded = (name: string) => /^(?:APPFLOW_|NODE_TEST|NODE_COMPILE|npm_(?!config_registry))/.test(name);

/** The environment without what `npm run` and tests add to it. The settings of the machine stay. */
function getMachineEnv(): NodeJS.ProcessEnv {
  const rest = Object.entries(process.env).filter(([name]) => !isAdded(name));
  const path = process.env.PATH?.split(':').filter((folder) => !folder.startsWith(ROOT));
  return { ...Object.fromEntries(rest), PATH: path?.join(':') };
}

/** Runs the first command of the README and resolves when the server has printed the link for the first account. */
function startServer(folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn('bash', ['-ec', install], { cwd: folder, env, stdio: 'pipe', detached: true });
  const { pid } = child;
  assert.ok(pid !== undefined);
  cleanUp(() => {
    if (child.exitCode === null) process.kill(-pid, 'SIGKILL');
  });
  return new Promise((resolve, reject) => {
    let printed = '';
    const read = (chunk: Buffer) => {
      printed += chunk;
      if (/http:\/\/127\.0\.0\.1:\d+\/setup/.test(printed)) resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => reject(new Error(`${install} ended with ${code}: ${printed}`)));
  });
}

test('the quick start leads from an empty folder to the first event and its metrics in less than 5 minutes', {
  timeout: LIMIT_MS,
}, async (t) => {
  const folder = makeTempDir();
  await checkOut(folder);
  const port = await findFreePort();
  const env = { ...getMachineEnv(), PORT: String(port), NO_COLOR: '1' };
  const startedAt = performance.now();
  await startServer(folder, env);
  const runningAt = performance.now();
  const { stdout: printed } = await run('bash', ['-ec', init], { cwd: folder, env });
  const find = (prefix: string) =>
    new RegExp(`\\b${prefix}_\\w{20,}`).exec(printed)?.[0] ?? assert.fail(prefix);
  // The README leaves it to the reader to fill in what `init` printed.
  const filled = variables
    .replaceAll(/\b(ck|ro|app)_…/g, (_, prefix: string) => find(prefix))
    .replace(/:8080\b/, `:${port}`);
  const script = [
    filled,
    send.replace(/:8080\b/, `:${port}`),
    'echo',
    query.replace(/:8080\b/, `:${port}`),
  ].join('\n');
  const { stdout } = await run('bash', ['-ec', script], { cwd: folder, env });
  const [sent = '', metrics = ''] = stdout.split('\n');
  assert.deepEqual(JSON.parse(sent), { accepted: 1, duplicates: 0, rejected: [], warnings: [] });
  const { data } = JSON.parse(metrics) as { data: { dau: number; events: number }[] };
  assert.deepEqual([data.at(-1)?.dau, data.at(-1)?.events], [1, 1]);
  assert.equal((await fetch(`http://127.0.0.1:${port}/docs`)).status, 200, 'the documentation is built too');
  const seconds = (from: number) => `${((performance.now() - from) / 1_000).toFixed(0)} s`;
  t.diagnostic(`${seconds(startedAt)} in all, ${seconds(runningAt)} of them after the server was running`);
});
