import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { it } from 'node:test';
import { createServer } from '../../src/http/server.ts';
import { createLimiter } from '../../src/limits/limiter.ts';
import { openRollups } from '../../src/rollups/rollups.ts';
import { ROUTES } from '../../src/routes.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { openWarehouse } from '../../src/warehouse/open.ts';
import { adoptChild } from '../support/adopt-child.ts';
import { cleanUp } from '../support/clean-up.ts';
import { connect, initProject, makeConfig } from '../support/harness.ts';
import type { Task, TaskResult } from './control-worker.ts';

const config = makeConfig();
const project = await initProject(config);
const services = await openControlServices(config);
const { control, log, clock } = services;
const warehouse = await openWarehouse({ path: services.eventsDir, log, clock });
const rollups = openRollups({ ...services, warehouse });
const limiter = createLimiter({ overrides: config.limitOverrides });
const app = createServer({ ...services, warehouse, rollups, limiter }, ROUTES);
const api = connect(await app.listen({ port: 0, host: '127.0.0.1' }));

const worker = adoptChild(
  fork(join(import.meta.dirname, 'control-worker.ts'), {
    env: { PATH: process.env.PATH, APPFLOW_DATA_DIR: config.dataDir, LOG_LEVEL: 'silent' },
    silent: true,
  }),
);
await once(worker, 'message');
cleanUp(async () => {
  worker.kill();
  await app.close();
  await rollups.close();
  await warehouse.close();
  await services.close();
});

async function run(order: Task): Promise<TaskResult> {
  worker.send(order);
  const [done] = await once(worker, 'message');
  return done;
}

const create = () => run({ create: { projectId: project.project_id } });
const self = async (key: string) => (await api.call('GET', '/v1/api-keys/self', { key })).status;
const ROUNDS = 20;
const wallMs = () => performance.timeOrigin + performance.now();

it('runs no SQL statements for requests, valid or not', async () => {
  const { server_key, client_key } = project;
  const events = [{ event_name: 'opened', app_user_id: 'u1' }];
  const perRound: number[] = [];
  await self(server_key);
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = control.countStatements();
    await self(server_key);
    await self(server_key.slice(0, -1));
    await self(`${server_key.slice(0, 50)}000000`);
    await api.call('GET', '/v1/project', { key: server_key });
    await api.call('GET', '/v1/apps', { key: server_key });
    await api.call('GET', '/v1/api-keys', { key: client_key });
    await api.call('GET', `/v1/apps/${project.app_id}`, { key: server_key });
    await api.call('POST', '/v1/events', { key: client_key, body: { events } });
    await api.call('GET', '/v1/events', { key: server_key });
    perRound.push(control.countStatements() - before);
  }
  // Usage and failed authentications are written every few seconds, independently of requests, so a few rounds
  // include that.
  assert.ok(perRound.filter((count) => count > 0).length <= 3, `statements a round: ${perRound}`);
  const before = control.countStatements();
  await api.call('PATCH', '/v1/project', { key: server_key, body: { name: 'Renamed' } });
  assert.ok(control.countStatements() > before, 'statements are counted');
});

it('applies a key creation or revocation by another process to the next request', async () => {
  for (let round = 0; round < 20; round += 1) {
    const { keyId, secret } = await create();
    assert.equal(await self(secret), 200);
    await run({ revoke: { keyId } });
    assert.equal(await self(secret), 401);
  }
});

it('rejects all requests that start 5 ms after another process revoked the key, under load', async (t) => {
  const delays: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const { keyId, secret } = await create();
    let lastPassedAt = Number.NEGATIVE_INFINITY;
    let isRunning = true;
    const hammer = async () => {
      while (isRunning) {
        const sentAt = wallMs();
        if ((await self(secret)) === 200) lastPassedAt = Math.max(lastPassedAt, sentAt);
      }
    };
    const load = Array.from({ length: 8 }, hammer);
    await new Promise((resolve) => setTimeout(resolve, 30));
    const { doneAt } = await run({ revoke: { keyId } });
    await new Promise((resolve) => setTimeout(resolve, 30));
    isRunning = false;
    await Promise.all(load);
    assert.equal(await self(secret), 401);
    delays.push(lastPassedAt - doneAt);
  }
  const sorted = delays.toSorted((a, b) => a - b);
  const [median = Number.NaN, worst = Number.NaN] = [sorted[ROUNDS / 2], sorted[ROUNDS - 1]];
  t.diagnostic(
    `start of the last request that passed, in ms after the other process was done: p50 ${median.toFixed(1)}, worst of ${ROUNDS} ${worst.toFixed(1)}`,
  );
  // Client, server and worker share the machine with other tests, so the scheduler may delay one round in ten.
  const late = delays.filter((ms) => ms > 5);
  assert.ok(late.length <= ROUNDS / 10, `passed after 5 ms: ${late}`);
  assert.ok(worst < 50, `passed ${worst} ms after the key was revoked`);
});

it('applies its own writes to the next request, in order, under concurrent changes', async () => {
  const { server_key: key } = project;
  await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const body = { name: `K${index}`, type: 'client' };
      const made = await api.call('POST', '/v1/api-keys', { key, body });
      assert.equal(await self(made.body.key), 200);
      await api.call('DELETE', `/v1/api-keys/${made.body.id}`, { key });
      assert.equal(await self(made.body.key), 401);
    }),
  );
});
