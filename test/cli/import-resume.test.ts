import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { initByCli, runCli, startCli, startServerProcess } from '../support/child-processes.ts';
import { findFreePort } from '../support/free-port.ts';
import { LIMITS_OFF, makeTempDir } from '../support/harness.ts';
import { readImportedLine } from '../support/import-progress.ts';
import { contributionsFile, listStoredEvents } from '../support/stored-events.ts';
import { until } from '../support/until.ts';

const FILE = contributionsFile('a');

const untilLine = (env: { APPFLOW_DATA_DIR: string }, line: number) =>
  until(`line ${line} is imported`, () => readImportedLine(env.APPFLOW_DATA_DIR) >= line);

test('starts a server for the import if none is running, and a later server has the events', async () => {
  const env = { APPFLOW_DATA_DIR: makeTempDir(), PORT: String(await findFreePort()), ...LIMITS_OFF };
  const project = await initByCli(env);
  const key = { APPFLOW_API_KEY: project.server_key };
  const ended = await runCli(['import', FILE, '--json'], { ...env, ...key });
  assert.equal(ended.code, 0, ended.stderr);
  assert.equal(JSON.parse(ended.stdout).accepted, 4_857);
  assert.match(ended.stderr, /No server is running/);
  await using server = await startServerProcess(env);
  assert.equal((await listStoredEvents(server, project.server_key, project.app_id)).length, 4_857);
  const again = await runCli(['import', FILE, '--json'], { ...env, ...key });
  assert.deepEqual([JSON.parse(again.stdout).duplicates, again.stderr], [4_857, '']);
});

test('finds the server that runs on its folder on any port', async () => {
  const env = { APPFLOW_DATA_DIR: makeTempDir() };
  const project = await initByCli(env);
  await using server = await startServerProcess(env);
  const other = { ...env, PORT: String(await findFreePort()), APPFLOW_API_KEY: project.server_key };
  const line = '{"event_name":"app_open","app_user_id":"u_1"}\n';
  const { code, stderr } = await runCli(['import'], other, line);
  assert.deepEqual([code, stderr], [0, '']);
  const { body } = await server.call('GET', '/v1/events', { key: project.server_key });
  assert.equal(body.data.length, 1);
});

test('does not open a folder that a server is using whose address is not recorded', async () => {
  const env = { APPFLOW_DATA_DIR: makeTempDir() };
  const project = await initByCli(env);
  await using _server = await startServerProcess(env);
  rmSync(join(env.APPFLOW_DATA_DIR, 'server-url'));
  const other = { ...env, PORT: String(await findFreePort()), APPFLOW_API_KEY: project.server_key };
  const ended = await runCli(['import', FILE], other);
  assert.equal(ended.code, 1);
  assert.match(ended.stderr, /another Appflow process .*is using it.* --url/);
});

for (const signal of ['SIGINT', 'SIGKILL'] as const) {
  test(`continues after ${signal} where the import stopped`, async () => {
    const env = { APPFLOW_DATA_DIR: makeTempDir(), ...LIMITS_OFF };
    const project = await initByCli(env);
    await using server = await startServerProcess(env);
    const args = ['import', FILE, '--url', server.url];
    const variables = { ...env, APPFLOW_API_KEY: project.server_key };
    const first = startCli([...args, '--batch-size', '20'], variables);
    await untilLine(env, 200);
    first.child.kill(signal);
    const ended = await first.ended;
    const line = readImportedLine(env.APPFLOW_DATA_DIR);
    assert.ok(line >= 200 && line < 4_857, String(line));
    if (signal === 'SIGINT') {
      assert.equal(ended.code, 1);
      assert.equal(
        ended.stderr,
        `Stopped after line ${line}. Run the same command again to continue from there.\n`,
      );
    }
    const second = await runCli([...args, '--json'], variables);
    assert.match(second.stderr, new RegExp(`^Continuing after line ${line},`));
    const result = JSON.parse(second.stdout);
    assert.equal(result.resumed_after_line, line);
    assert.equal(result.accepted + result.duplicates, 4_857);
    assert.equal((await listStoredEvents(server, project.server_key, project.app_id)).length, 4_857);
    assert.deepEqual(readdirSync(join(env.APPFLOW_DATA_DIR, 'imports')), []);
  });
}

test('--restart starts at the first line', async () => {
  const env = { APPFLOW_DATA_DIR: makeTempDir(), ...LIMITS_OFF };
  const project = await initByCli(env);
  await using server = await startServerProcess(env);
  const args = ['import', FILE, '--url', server.url];
  const variables = { ...env, APPFLOW_API_KEY: project.server_key };
  const first = startCli([...args, '--batch-size', '20'], variables);
  await untilLine(env, 100);
  first.child.kill('SIGINT');
  await first.ended;
  const second = await runCli([...args, '--restart', '--json'], variables);
  const result = JSON.parse(second.stdout);
  assert.equal(second.stderr, '');
  assert.equal(result.resumed_after_line, 0);
  assert.ok(result.duplicates >= 100);
  assert.equal(result.accepted + result.duplicates, 4_857);
});

test('the key is nowhere in the files that an interrupted import leaves', async () => {
  const env = { APPFLOW_DATA_DIR: makeTempDir(), ...LIMITS_OFF };
  const project = await initByCli(env);
  await using server = await startServerProcess(env);
  const args = ['import', FILE, '--url', server.url, '--batch-size', '20'];
  const running = startCli(args, { ...env, APPFLOW_API_KEY: project.server_key });
  await untilLine(env, 20);
  running.child.kill('SIGINT');
  const { stdout, stderr } = await running.ended;
  const folder = join(env.APPFLOW_DATA_DIR, 'imports');
  assert.ok(existsSync(folder));
  const left = readdirSync(folder).map((name) => name + readFileSync(join(folder, name), 'utf8'));
  assert.equal(left.length, 1);
  assert.ok(![stdout, stderr, ...left].join('').includes(project.server_key));
});
