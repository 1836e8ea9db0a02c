import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { CLI_REQUESTER } from '../../src/api/caller.ts';
import { createProject } from '../../src/projects/create.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { embedded } from '../../src/warehouse/engine/embedded.ts';
import { openGateway } from '../../src/warehouse/engine/gateway.ts';
import { initByCli, runCli, startServerProcess } from '../support/child-processes.ts';
import { cleanUp } from '../support/clean-up.ts';
import { startFront } from '../support/clickhouse-front.ts';
import { makeConfig } from '../support/harness.ts';
import { makeDatabase, runOnServer } from '../support/postgres.ts';
import { startProxy } from '../support/tcp-proxy.ts';
import { changeDatabase } from './doctor-installation.ts';
import {
  copySource,
  envOf,
  makeMoveSource,
  readAnswers,
  runMove,
  runOnFront,
  startMove,
  untilSaid,
} from './move-source.ts';

const template = await makeMoveSource();
const front = startFront();

/** Returns the messages of a server that is refused. */
async function startRefused(env: Record<string, string>): Promise<string> {
  const { code, stderr } = await runCli(['serve'], env);
  assert.equal(code, 1, stderr);
  return stderr;
}

describe('a move that is interrupted', () => {
  const source = copySource(template);
  const target = { DATABASE_URL: makeDatabase(), CLICKHOUSE_URL: front };

  for (const said of [/^control database: copied/, /^events: copied/, /^users: copied/]) {
    it(`by a kill after ${said}: no server uses the target, and the source can still be used`, async () => {
      const move = startMove(source, target);
      await untilSaid(move, said);
      move.child.kill('SIGKILL');
      await move.ended;
      assert.match(await startRefused(envOf(source, target)), /contains projects, keys and people/);
      const elsewhere = { ...target, APPFLOW_DATA_DIR: join(source.dataDir, 'elsewhere') };
      assert.match(await startRefused(envOf(source, elsewhere)), /Moving to .* is not complete. Run/);
      await using before = await startServerProcess(envOf(source));
      assert.equal((await before.call('GET', '/v1/api-keys/self', { key: source.key })).status, 200);
      await before.stop();
    });
  }

  it('by Ctrl-C: leaves nothing behind', async () => {
    // As an earlier release allowed it.
    const change = "UPDATE projects SET name = 'a' || char(0) || 'b'";
    changeDatabase(source.dataDir, (database) => database.exec(change));
    const move = startMove(source, target);
    await untilSaid(move, /^control database: copied/);
    move.child.kill('SIGINT');
    assert.equal((await move.ended).code, 1);
    assert.ok(!existsSync(join(source.dataDir, 'moving')));
  });

  it('is completed by the same command, and copies only what is missing', async () => {
    await using before = await startServerProcess(envOf(source));
    const answers = await readAnswers(before, source);
    await before.stop();
    const { code, stdout, stderr } = await runMove(source, target);
    assert.equal(code, 0, stdout + stderr);
    assert.doesNotMatch(stderr, /^events: copied/m);
    await using after = await startServerProcess(envOf(source, target));
    const portable = Object.entries(answers).map(([path, text]) => [
      path,
      text.replaceAll('\\u0000', '\uFFFD'),
    ]);
    assert.deepEqual(await readAnswers(after, source), Object.fromEntries(portable));
    await after.stop();
  });

  it('between marking the source and giving the target to it: is completed without copying', async () => {
    const value = readFileSync(join(source.dataDir, 'events/store-id'), 'utf8').trim();
    await runOnServer([`INSERT INTO settings VALUES ('moving', '${value}')`], target.DATABASE_URL);
    await runOnFront(front, `INSERT INTO installation VALUES ('moving:${value}')`);
    const env = envOf(source, target);
    assert.match(await startRefused(env), /Moving to DATABASE_URL's database is not complete/);
    await runOnServer(["DELETE FROM settings WHERE name = 'moving'"], target.DATABASE_URL);
    assert.match(await startRefused(env), /Moving to the ClickHouse server .* is not complete/);
    await runOnServer([`INSERT INTO settings VALUES ('moving', '${value}')`], target.DATABASE_URL);
    const { code, stderr } = await runMove(source, target);
    assert.deepEqual([code, stderr], [0, '']);
    await using after = await startServerProcess(env);
    assert.equal((await after.call('GET', '/v1/api-keys/self', { key: source.key })).status, 200);
  });
});

describe('a move while something else happens', () => {
  it('is the only one, is refused at its end if the source was changed, and is completed by the same command', async () => {
    const source = copySource(template);
    const proxy = await startProxy(Number(new URL(startFront()).port));
    cleanUp(proxy[Symbol.asyncDispose]);
    proxy.setDelay(30);
    const target = { DATABASE_URL: makeDatabase(), CLICKHOUSE_URL: `http://127.0.0.1:${proxy.port}` };
    const move = startMove(source, target);
    await untilSaid(move, /^control database: copied/);
    await initByCli(envOf(source));
    const second = await runMove(source, target);
    assert.match(second.stderr, /Another `appflow move` \(\d+\) is running/);
    const { code, stdout, stderr } = await move.ended;
    assert.equal(code, 1, stdout);
    assert.match(stdout + stderr, /The data folder was used while the rest was copied/);
    assert.ok(!existsSync(join(source.dataDir, 'moved.json')));
    proxy.setDelay(0);
    const again = await runMove(source, target);
    assert.equal(again.code, 0, again.stderr);
  });

  it('waits for a command that has the data folder open and may still write, and carries over what it wrote', async () => {
    const source = copySource(template);
    const target = { DATABASE_URL: makeDatabase() };
    const services = await openControlServices(makeConfig({ APPFLOW_DATA_DIR: source.dataDir }));
    const move = startMove(source, target);
    await untilSaid(move, /Stop the server now/);
    const project = await createProject(services, 'Late', CLI_REQUESTER);
    await services.close();
    const { code, stderr } = await move.ended;
    assert.equal(code, 0, stderr);
    const [rows] = await runOnServer(
      [`SELECT name FROM projects WHERE id = '${project.id}'`],
      target.DATABASE_URL,
    );
    assert.deepEqual(rows, [{ name: 'Late' }]);
  });

  it('reports a broken connection, and continues with the same command', async () => {
    const source = copySource(template);
    const proxy = await startProxy(Number(new URL(startFront()).port));
    cleanUp(proxy[Symbol.asyncDispose]);
    const target = { CLICKHOUSE_URL: `http://127.0.0.1:${proxy.port}` };
    proxy.breakAt('moved-2', 'after');
    const broken = await runMove(source, target);
    assert.equal(broken.code, 1, broken.stdout);
    const { code, stdout, stderr } = await runMove(source, target);
    assert.equal(code, 0, stdout + stderr);
  });

  it('copies a day with more events than one insert takes', async () => {
    const source = copySource(template);
    const gateway = await openGateway(embedded(join(source.dataDir, 'events')), { size: 1, waitingMax: 1 });
    const [row, count] = ['project_id, app_id, verified, block', 120_000];
    await gateway.command(`INSERT INTO events (${row}, event_id, timestamp, properties)
      SELECT 'p', 'a', 1, 1, toString(number), toDateTime64('2026-01-02 00:00:00', 3, 'UTC'), repeat('x', 500) FROM numbers(${count})`);
    await gateway.command(
      `INSERT INTO event_ids (${row}, event_id) SELECT 'p', 'a', 1, 1, toString(number) FROM numbers(${count})`,
    );
    await gateway.close();
    const { code, stdout, stderr } = await runMove(source, { CLICKHOUSE_URL: startFront() }, '--verbose');
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /^events +p, a, 2026-01-02 +120,000 +120,000 +same$/m);
  });
});
