import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { initByCli, runCli, startCli, startServerProcess } from '../support/child-processes.ts';
import { findFreePort } from '../support/free-port.ts';
import { LIMITS_OFF, makeTempDir } from '../support/harness.ts';
import { contributionsFile, readFixture } from '../support/stored-events.ts';
import { until } from '../support/until.ts';

const EVENTS = readFixture(contributionsFile('a'));
/** More than a pipe holds: most of it still waits there when the engine starts to insert. */
const LINES = EVENTS.map((event) => `${JSON.stringify(event)}\n`).join('');

async function makeFolder() {
  const env = { APPFLOW_DATA_DIR: makeTempDir(), PORT: String(await findFreePort()), ...LIMITS_OFF };
  const project = await initByCli(env);
  return { ...env, APPFLOW_API_KEY: project.server_key };
}

test('an import with a server of its own gets all of standard input, and the engine none of it', async () => {
  const env = await makeFolder();
  const own = await runCli(['import', '-', '--batch-size', '100', '--json'], env, LINES);
  assert.equal(own.code, 0, own.stderr);
  assert.match(own.stderr, /No server is running/);
  assert.equal(JSON.parse(own.stdout).accepted, EVENTS.length);
  await using _server = await startServerProcess(env);
  const running = await runCli(['import', '--json'], env, LINES);
  assert.equal(JSON.parse(running.stdout).duplicates, EVENTS.length, running.stderr);
});

test('Ctrl-C stops an import from standard input though there is more to read', async () => {
  const env = await makeFolder();
  const { child, ended } = startCli(['import', '--batch-size', '1'], env, LINES);
  await until('the event store is open', () => existsSync(join(env.APPFLOW_DATA_DIR, 'events/status')));
  child.kill('SIGINT');
  const { code, stderr } = await ended;
  assert.equal(code, 1, stderr);
  assert.match(stderr, /Stopped\. Pipe the same events in again/);
});
