import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { sql } from 'kysely';
import { CLI_REQUESTER } from '../../src/api/caller.ts';
import { databaseNow } from '../../src/control/dialect.ts';
import { createKey } from '../../src/keys/create.ts';
import { CLI_GRANTOR } from '../../src/keys/escalation.ts';
import { DAY_MS } from '../../src/lib/durations.ts';
import { StorageError } from '../../src/lib/errors.ts';
import { openLog } from '../../src/lib/log.ts';
import { createProject } from '../../src/projects/create.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { type LeasedWork, runUnderLease } from '../../src/server/run-under-lease.ts';
import { killAtExit } from '../support/adopt-child.ts';
import { cleanUp } from '../support/clean-up.ts';
import { makeConfig, makeTempDir, stopBeforeRemoval } from '../support/harness.ts';
import { makeDatabase } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { NEEDS_POSTGRES } from './postgres-server.ts';

const WORKER = join(import.meta.dirname, 'background-worker.ts');

/** A node's background tasks in their own process. */
type Node = { child: ChildProcess; lines: () => { msg: string; keyId?: string }[] };

function startNode(env: Record<string, string>): Node {
  const folder = makeTempDir();
  const child = spawn(process.execPath, [WORKER], {
    env: { PATH: process.env.PATH, ...env, APPFLOW_DATA_DIR: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  killAtExit(child);
  const exited = once(child, 'exit');
  stopBeforeRemoval(folder, async () => {
    child.kill('SIGKILL');
    await exited;
  });
  let text = '';
  child.stderr.on('data', (chunk) => {
    text += chunk;
  });
  const lines = () => text.split('\n').filter((line) => line !== '');
  return { child, lines: () => lines().map((line) => JSON.parse(line)) };
}

const countHeads = ({ lines }: Node) => lines().filter(({ msg }) => msg === 'audit log head').length;

describe('background tasks of several nodes', NEEDS_POSTGRES, async () => {
  if (NEEDS_POSTGRES.skip) return;
  const env = { DATABASE_URL: makeDatabase(), APPFLOW_SECRET: 'a'.repeat(43) };
  const services = await openControlServices(makeConfig(env));
  cleanUp(services.close);
  const { control } = services;
  const project = await createProject(services, 'Nodes', CLI_REQUESTER);

  /** Creates a key whose notice is due now. */
  async function addKey(): Promise<string> {
    const expires_at = new Date(Date.now() + 6 * DAY_MS).toISOString();
    const { key } = await createKey(
      services,
      project,
      { name: 'Short', type: 'server', expires_at },
      CLI_GRANTOR,
    );
    const created_at = Date.now() - 30 * DAY_MS;
    await control.write(
      async () => {},
      ({ tx, revision }) =>
        tx.updateTable('api_keys').set({ created_at, revision }).where('id', '=', key.id).execute(),
    );
    return key.id;
  }

  const early = await addKey();
  const nodes = [startNode(env), startNode(env)];
  const noticesOf = (keyId: string) =>
    nodes.flatMap((node) =>
      node.lines().filter(({ msg, keyId: id }) => msg.includes('expires soon') && id === keyId),
    );
  const isRunning = ({ child }: Node) => child.exitCode === null && child.signalCode === null;
  const findHolder = () => nodes.find((node) => countHeads(node) > 0 && isRunning(node));

  it('run on one of two, and on the other one after a kill; each notice is sent once', async () => {
    // Until it has looked for notices once: it may otherwise be killed between claiming a later one and sending it.
    await until(
      'one of them runs the tasks',
      () => findHolder() !== undefined && noticesOf(early).length > 0,
    );
    const first = findHolder() ?? assert.fail();
    const second = nodes.find((node) => node !== first) ?? assert.fail();
    const late = await addKey();
    // Until the other one knows the key: it looks for notices once when it takes over, and then an hour later.
    await setTimeout(1_500);
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    assert.deepEqual([countHeads(first), countHeads(second)], [1, 0]);
    assert.deepEqual(noticesOf(late), []);
    // As if the time of the lease had passed, which takes half a minute.
    await control.db
      .updateTable('leases')
      .set({ until: sql<number>`1` })
      .where('name', '=', 'background')
      .execute();
    await until('the other one takes over', () => noticesOf(late).length > 0 && countHeads(second) > 0);
    assert.deepEqual([countHeads(first), countHeads(second), noticesOf(early).length], [1, 1, 1]);
    assert.equal(noticesOf(late).length, 1);
  });

  it('move to another node within seconds when the one that runs them stops', async () => {
    const late = await addKey();
    const third = startNode(env);
    nodes.push(third);
    const second = findHolder() ?? assert.fail();
    second.child.kill('SIGTERM');
    assert.deepEqual(await once(second.child, 'exit'), [0, null]);
    const startedMs = performance.now();
    await until('the third one takes over', () => noticesOf(late).length > 0);
    assert.ok(performance.now() - startedMs < 15_000);
    await until('it logs the head', () => countHeads(third) > 0);
    assert.deepEqual([countHeads(second), countHeads(third), noticesOf(late).length], [1, 1, 1]);
  });

  it('stop while another process has the lease, or the database is away, and start again afterwards', async () => {
    let [starts, running, isAway] = [0, 0, false];
    const away = () => Promise.reject(new StorageError('unavailable', 'away'));
    const work = {
      control: { ...control, whenStorable: (query) => (isAway ? away() : control.whenStorable(query)) },
      ...{ name: 'it', ttlMs: 900, tryEveryMs: 50, log: openLog('silent') },
      start() {
        starts += 1;
        running += 1;
        return async () => {
          running -= 1;
        };
      },
    } satisfies LeasedWork;
    const stop = runUnderLease(work);
    await until('it runs', () => running === 1);
    await control.db
      .updateTable('leases')
      .set((eb) => ({ holder: 'other', until: eb(databaseNow(control.db), '+', 1_500) }))
      .where('name', '=', 'it')
      .execute();
    await until('it stops', () => running === 0);
    await until('it runs again', () => running === 1);
    isAway = true;
    await until('it stops', () => running === 0);
    isAway = false;
    await until('it runs again', () => running === 1);
    assert.equal(starts, 3);
    await stop();
    assert.equal(running, 0);
    const row = await control.db
      .selectFrom('leases')
      .select('until')
      .where('name', '=', 'it')
      .executeTakeFirst();
    assert.equal(row?.until, 0);
  });

  it('stop within seconds although the database does not answer', async () => {
    let isRunning = false;
    const start = () => {
      isRunning = true;
      return async () => {};
    };
    const stop = runUnderLease({ control, name: 'stuck', log: openLog('silent'), start });
    await until('it runs', () => isRunning);
    await control.db.transaction().execute(async (tx) => {
      await tx.updateTable('leases').set({ name: 'stuck' }).where('name', '=', 'stuck').execute();
      const startedMs = performance.now();
      await stop();
      assert.ok(performance.now() - startedMs < 4_000);
    });
  });
});
