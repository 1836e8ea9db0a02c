import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { type Command, runCli, startCli, startServerProcess } from '../support/child-processes.ts';
import { openStream } from '../support/event-stream.ts';
import { findFreePort } from '../support/free-port.ts';
import { connect, makeTempDir } from '../support/harness.ts';
import { trackSecrets } from '../support/minted-secrets.ts';

const envOf = (port: number) => ({ APPFLOW_DATA_DIR: makeTempDir(), PORT: String(port), LOG_LEVEL: 'error' });

/** Reads a command's output until it contains this text, and returns all of it. */
async function readUntil(output: Command['child']['stdout'], wanted: RegExp): Promise<string> {
  assert.ok(output);
  let said = '';
  for await (const line of createInterface({ input: output })) {
    said += `${line}\n`;
    if (wanted.test(line)) return said;
  }
  return assert.fail(`It ended with: ${said}`);
}

it('serves the demo with new events arriving until SIGTERM, then exits with 0', async () => {
  const { child, ended } = startCli(['demo', '--users', '60', '--days', '3'], envOf(await findFreePort()));
  try {
    const said = await readUntil(child.stdout, /ready on/);
    trackSecrets(said);
    const [, url = ''] = /ready on (\S+)/.exec(said) ?? [];
    const [, appId = '', key = ''] =
      /app_id=(app_\w+)&days=7' -H 'Authorization: Bearer (ro_\w+)'/.exec(said) ?? [];
    const path = `/v1/analytics/daily?app_id=${appId}&days=3`;
    const { body, text } = await connect(url).call('GET', path, { key });
    // Fewer than all days: the last one may have started a minute ago.
    assert.ok(
      body.data?.some(({ events }: { events: number }) => events > 0),
      text,
    );
    const [, serverKey = ''] = /server key +(\S+)/.exec(said) ?? [];
    const stream = await openStream(url, serverKey);
    const [event] = await stream.events(1);
    assert.match(event?.data.event_id, /-live-/);
    stream.close();
    child.kill('SIGTERM');
    assert.equal((await ended).code, 0);
  } finally {
    child.kill('SIGKILL');
  }
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  it(`says how to continue after ${signal}, and then completes the demo once, with its keys`, async () => {
    const env = envOf(await findFreePort());
    const args = ['demo', '--users', '150', '--days', '90', '--no-serve'];
    const { child, ended } = startCli(args, env);
    // Day 30 of 90.
    await readUntil(child.stderr, /^Day 30 /);
    child.kill(signal);
    const first = await ended;
    assert.equal(first.code, 1);
    assert.match(first.stderr, /The demo is incomplete\. Run the same command again to continue\.\n$/);
    assert.equal(first.stdout, '');
    const again = await runCli(args, env);
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stdout, /API keys \(shown once\):/);
    const keys = await runCli(['keys', 'list', '--json'], env);
    assert.equal(keys.stdout.match(/Production backend/g)?.length, 1, keys.stdout);
    const third = await runCli(args, env);
    assert.match(third.stdout, /nothing to add[\s\S]*The API keys were shown when the demo was created/);
  });
}

it('finds the server that runs on its folder on any port, and loads the demo through it', async () => {
  const env = envOf(await findFreePort());
  await using server = await startServerProcess({ ...env, PORT: '0' });
  const { code, stdout, stderr } = await runCli(['demo', '--users', '60', '--days', '3'], env);
  assert.equal(code, 0, stderr);
  assert.ok(stdout.includes(`dashboard  ${server.url}`), stdout);
  const [, key = ''] = /server key +(\S+)/.exec(stdout) ?? [];
  const { body } = await server.call('GET', '/v1/events?limit=1', { key });
  assert.equal(body.data?.length, 1);
});

it('starts nothing and creates nothing if another server has the port', async () => {
  await using server = await startServerProcess({ APPFLOW_DATA_DIR: makeTempDir() });
  const env = envOf(Number(new URL(server.url).port));
  const { code, stderr } = await runCli(['demo', '--users', '60', '--days', '3'], env);
  assert.equal(code, 1);
  assert.match(stderr, /another process is using this port/);
  assert.deepEqual(readdirSync(env.APPFLOW_DATA_DIR), []);
});

it('has a folder of its own by default, beside the one of the server', async () => {
  const here = makeTempDir();
  const main = join(import.meta.dirname, '../../src/cli/main.ts');
  const args = [main, 'demo', '--users', '20', '--days', '1', '--no-serve'];
  const { PATH = '', HOME = '' } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: here, env: { PATH, HOME } });
  trackSecrets(stdout);
  assert.match(stdout, /is ready in \S+\/data-demo: /);
  assert.match(stdout, /There was nothing|Stored \d+ events/);
  assert.deepEqual(readdirSync(here), ['data-demo']);
});
