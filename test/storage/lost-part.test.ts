import assert from 'node:assert/strict';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { initByCli, runCli, type ServerProcess, startServerProcess } from '../support/child-processes.ts';
import { findFreePort } from '../support/free-port.ts';
import { makeTempDir } from '../support/harness.ts';
import { damageFile } from './damage/damage-file.ts';
import { listTables } from './damage/list-tables.ts';

type Installation = Awaited<ReturnType<typeof install>>;

/** Returns a stopped data folder with 300 events in one large and two small parts. */
async function install() {
  const dataDir = makeTempDir();
  const env = { APPFLOW_DATA_DIR: dataDir, PORT: String(await findFreePort()), LOG_LEVEL: 'fatal' };
  const { server_key: key } = await initByCli(env);
  const start = () => startServerProcess(env);
  await using server = await start();
  for (const [prefix, count] of [
    ['a', 280],
    ['b', 10],
    ['c', 10],
  ] as const) {
    assert.deepEqual(await send(server, key, prefix, count), [count, 0]);
    // A query waits until the events are in the tables: each time, they become a part.
    assert.equal((await server.call('GET', '/v1/events?limit=1', { key })).status, 200);
  }
  assert.equal(await server.stop(), 0);
  return { dataDir, env, key, start };
}

/** Sends events and returns how many were accepted and how many were duplicates. */
async function send(
  server: ServerProcess,
  key: string,
  prefix: string,
  count: number,
): Promise<[number, number]> {
  const events = Array.from({ length: count }, (_, index) => ({
    event_id: `${prefix}${index}`,
    event_name: 'opened',
    app_user_id: `user${index}`,
    timestamp: '2026-11-01T00:00:00Z',
  }));
  const { status, body, text } = await server.call('POST', '/v1/events', { key, body: { events } });
  assert.equal(status, 200, text);
  return [body.accepted, body.duplicates];
}

function largestPart({ dataDir }: Installation, table: string): string {
  const folder = listTables(join(dataDir, 'events')).get(table)?.folder ?? '';
  const sizeOf = (name: string) => statSync(join(folder, name, 'data.bin')).size;
  const [largest = ''] = readdirSync(folder)
    .filter((name) => /_\d+_\d+_\d+$/.test(name))
    .sort((a, b) => sizeOf(b) - sizeOf(a));
  return join(folder, largest);
}

const readiness = async (server: ServerProcess) => (await server.call('GET', '/readyz')).body;
const examine = async ({ env }: Installation) => await runCli(['doctor'], env);

const REPORT =
  /280 stored events are lost.*Part 2026_\d+_\d+_\d+ of the table events (is missing|is damaged and was moved to \S+\/detached\/broken-on-start_2026_\S+), 280 events from 2026-11-01 .*received from 20.* Restore the data folder/;

describe('a part of the events that is damaged or gone', () => {
  it('is reported with its events until that is accepted, and its IDs count as new', async () => {
    const installation = await install();
    const { env, key, start } = installation;
    damageFile(join(largestPart(installation, 'events'), 'data.bin'), 'truncated');
    await using server = await start();
    const { status, warnings } = await readiness(server);
    assert.equal(status, 'degraded');
    assert.match(warnings.join('\n'), REPORT);
    assert.ok(!warnings.join('\n').includes(env.APPFLOW_DATA_DIR), 'anyone can read it');
    const beside = await examine(installation);
    assert.equal(beside.code, 1);
    assert.match(beside.stdout, REPORT);
    assert.deepEqual(await send(server, key, 'b', 10), [0, 10]);
    assert.deepEqual(await send(server, key, 'a', 280), [280, 0]);
    assert.deepEqual(await send(server, key, 'a', 280), [0, 280]);
    assert.equal(await server.stop(), 0);

    await using again = await start();
    assert.match((await readiness(again)).warnings.join('\n'), REPORT);
    const accepted = await runCli(['doctor', '--accept-loss'], env);
    assert.match(accepted.stdout, /^Accepted\. The record is in \S+losses-accepted-\S+\.json\.\n$/);
    assert.deepEqual(await readiness(again), { status: 'ok', warnings: [] });
    assert.equal(await again.stop(), 0);
    assert.equal((await examine(installation)).code, 0);
  });

  it('is reported in the same way when nothing of it is left', async () => {
    const installation = await install();
    rmSync(largestPart(installation, 'events'), { recursive: true });
    await using server = await installation.start();
    assert.match((await readiness(server)).warnings.join('\n'), REPORT);
    await server.kill();
    const { code, stdout } = await examine(installation);
    assert.deepEqual([code, REPORT.test(stdout)], [1, true], stdout);
  });

  it('is found before the first start too, by doctor alone', async () => {
    const installation = await install();
    damageFile(join(largestPart(installation, 'events'), 'data.bin'), 'truncated');
    for (const _ of [1, 2]) {
      const { code, stdout } = await examine(installation);
      assert.equal(code, 1);
      assert.match(
        stdout,
        /280 stored events are lost\. Part 2026_\S+ of the table events is damaged and was moved/,
      );
    }
    await using server = await installation.start();
    assert.match((await readiness(server)).warnings.join(''), /280 stored events are lost/);
  });
});

describe('damaged data that is derived from the events', () => {
  it('is derived again: IDs that were stored stay duplicates, and users stay known', async () => {
    const installation = await install();
    const { key, start, dataDir } = installation;
    rmSync(largestPart(installation, 'event_ids'), { recursive: true });
    rmSync(listTables(join(dataDir, 'events')).get('users')?.folder ?? '', { recursive: true });
    await using server = await start();
    assert.deepEqual(await readiness(server), { status: 'ok', warnings: [] });
    assert.deepEqual(await send(server, key, 'a', 280), [0, 280]);
    assert.equal(await server.stop(), 0);
    assert.equal((await examine(installation)).code, 0);
  });
});
