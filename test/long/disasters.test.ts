import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { CLI_REQUESTER } from '../../src/api/caller.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { DAY_MS } from '../../src/lib/durations.ts';
import { createProject } from '../../src/projects/create.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { listTables } from '../storage/damage/list-tables.ts';
import { openBrowser, PASSWORD, setUp, tokenOf } from '../support/browser.ts';
import { initByCli, startServerProcess } from '../support/child-processes.ts';
import { findFreePort } from '../support/free-port.ts';
import { makeConfig, makeTempDir, startTestServer } from '../support/harness.ts';
import { trackSecrets } from '../support/minted-secrets.ts';
import { makeCluster } from '../support/nodes.ts';
import { runOnServer } from '../support/postgres.ts';
import { fillDiskUntil, mountDisk } from '../support/small-disk.ts';
import { until } from '../support/until.ts';

const ROOT = join(import.meta.dirname, '../..');
const GUIDE = readFileSync(join(ROOT, 'docs/guides/disasters.md'), 'utf8');
const MEGABYTE = 1024 * 1024;

/** The commands of a section, in order, each with its exit code. */
function commandsOf(title: string): { exit: number; text: string }[] {
  const section = GUIDE.split(/^## /m).find((one) => one.startsWith(`${title}\n`)) ?? assert.fail(title);
  return [...section.matchAll(/^```sh exit=(\d+)\n([\s\S]*?)^```$/gm)].map(([, exit, text = '']) => ({
    exit: Number(exit),
    text,
  }));
}

/** Runs commands of the guide as written, and returns what they print. */
async function run(commands: { exit: number; text: string }[], env: Record<string, string>): Promise<string> {
  let printed = '';
  for (const { exit, text } of commands) {
    const { PATH = '', HOME = '' } = process.env;
    const own = { PATH, HOME, UV_THREADPOOL_SIZE: '8', LOG_LEVEL: 'error', ...env };
    const result = await new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      execFile('bash', ['-euo', 'pipefail', '-c', text], { cwd: ROOT, env: own }, (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
      );
    });
    trackSecrets(result.stdout);
    assert.equal(result.code, exit, `${text}\n${result.stdout}\n${result.stderr}`);
    printed += result.stdout + result.stderr;
  }
  return printed;
}

const EVENT = { event_id: 'one', event_name: 'app_open', app_user_id: 'user_1' };

async function install(dataDir = makeTempDir()) {
  const env = { APPFLOW_DATA_DIR: dataDir, PORT: String(await findFreePort()), LOG_LEVEL: 'fatal' };
  const { server_key: key } = await initByCli(env);
  return { dataDir, env, key, start: () => startServerProcess(env) };
}

describe('the commands of docs/guides/disasters.md', () => {
  it('free a full disk: events are stored again without a restart', async () => {
    const disk = mountDisk('700m');
    const { dataDir, env, key, start } = await install(join(disk, 'data'));
    await using server = await start();
    const send = () => server.call('POST', '/v1/events', { key, body: { events: [EVENT] } });
    assert.equal((await send()).status, 200);
    const kept = join(dataDir, 'snapshots', 'kept');
    mkdirSync(kept, { recursive: true });
    fillDiskUntil(disk, 60 * MEGABYTE);
    rmSync(join(disk, 'filler'));
    fillDiskUntil(kept, 60 * MEGABYTE);
    await until('events are refused', async () => (await send()).body.code === 'disk_nearly_full');
    await run(commandsOf('The disk is full'), env);
    await until('events are stored', async () => (await send()).status === 200);
    assert.equal(await server.stop(), 0);
  });

  it('start over after the secret was lost', async () => {
    const { dataDir, env, key, start } = await install();
    rmSync(join(dataDir, 'secrets', 'appflow-secret'));
    const printed = await run(commandsOf('The secret is lost'), env);
    assert.match(printed, /The secret was reset/);
    const created = /sk_af1_\w+/.exec(printed)?.[0] ?? assert.fail(printed);
    await using server = await start();
    assert.equal((await server.call('GET', '/v1/apps', { key })).status, 401);
    assert.equal((await server.call('GET', '/v1/apps', { key: created })).status, 200);
    assert.equal(await server.stop(), 0);
  });

  it('give an owner a new password', async () => {
    const { url, server, config } = await startTestServer();
    await setUp(url, server.setupUrl);
    const env = { APPFLOW_DATA_DIR: config.dataDir, PORT: new URL(url).port };
    const printed = await run(commandsOf("The owner's password is lost"), env);
    const links = printed.match(/http\S+\/reset#\S+/g) ?? [];
    assert.equal(links.length, 2);
    const body = { token: tokenOf(links[1]), password: `${PASSWORD} again` };
    assert.equal((await openBrowser(url).call('POST', '/app/v1/reset', { body })).status, 204);
  });

  it('restore damaged events from a backup, or accept their loss', async () => {
    const { dataDir, env, key, start } = await install();
    const BACKUPS = makeTempDir();
    const RESTORED = join(makeTempDir(), 'restored');
    {
      await using server = await start();
      const events = [EVENT, { ...EVENT, event_id: 'two' }];
      assert.equal((await server.call('POST', '/v1/events', { key, body: { events } })).status, 200);
      assert.equal((await server.call('GET', '/v1/events?limit=1', { key })).status, 200);
      await run([{ exit: 0, text: 'bin/appflow backup "$BACKUPS"' }], { ...env, BACKUPS });
      assert.equal(await server.stop(), 0);
    }
    const folder = listTables(join(dataDir, 'events')).get('events')?.folder ?? '';
    for (const name of readdirSync(folder).filter((one) => /_\d+_\d+_\d+$/.test(one)))
      if (statSync(join(folder, name)).isDirectory()) rmSync(join(folder, name), { recursive: true });
    const [examine, restore, accept] = commandsOf('Events are damaged');
    assert.ok(examine && restore && accept);
    const found = await run([examine, restore], { ...env, BACKUPS, RESTORED });
    assert.match(found, /2 stored events are lost/);
    {
      await using server = await start();
      assert.equal((await server.call('GET', '/readyz')).body.status, 'degraded');
      assert.match(await run([accept], env), /Accepted\./);
      assert.equal(await server.stop(), 0);
    }
    await using restored = await startServerProcess({ ...env, APPFLOW_DATA_DIR: RESTORED });
    const again = await restored.call('POST', '/v1/events', { key, body: { events: [EVENT] } });
    assert.equal(again.body.duplicates, 1);
    assert.equal(await restored.stop(), 0);
  });

  it('return to the right time after the clock was ahead', async () => {
    const config = makeConfig();
    const ahead = await openControlServices(config, systemClock({ wallMs: () => Date.now() + DAY_MS }));
    await createProject(ahead, 'Clock', CLI_REQUESTER);
    await ahead.close();
    const printed = await run(commandsOf('The clock was wrong'), { APPFLOW_DATA_DIR: config.dataDir });
    assert.match(printed, /it was set back/);
  });

  it('replace a node that is lost, and its data folder with it', async () => {
    const cluster = await makeCluster();
    const { server_key: key } = cluster.project;
    const lost = await cluster.start();
    const send = (node: typeof lost) => node.call('POST', '/v1/events', { key, body: { events: [EVENT] } });
    await until('it is stored', async () => (await send(lost)).status === 200);
    await lost.kill();
    // As if the time of the lease had passed.
    await runOnServer(["UPDATE leases SET until = 1 WHERE name = 'events'"], cluster.env.DATABASE_URL ?? '');
    const own = {
      APPFLOW_DATA_DIR: makeTempDir(),
      APPFLOW_NODE_URL: `http://127.0.0.1:${await findFreePort()}`,
    };
    await run(commandsOf('A node is lost'), { ...cluster.env, ...own, PORT: '0' });
    const node = await cluster.start(own);
    await until('it is stored', async () => (await send(node)).status === 200);
    assert.equal((await send(node)).body.duplicates, 1);
  });
});
