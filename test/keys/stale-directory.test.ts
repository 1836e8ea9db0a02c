import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CLI_ACTOR, CLI_REQUESTER } from '../../src/api/caller.ts';
import type { Control } from '../../src/control/control.ts';
import { NO_CALLER } from '../../src/control/control.ts';
import { openDirectory } from '../../src/directory/directory.ts';
import { createServer } from '../../src/http/server.ts';
import { revokeKey } from '../../src/keys/revoke.ts';
import { createLimiter } from '../../src/limits/limiter.ts';
import { openRollups } from '../../src/rollups/rollups.ts';
import { ROUTES } from '../../src/routes.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { openWarehouse } from '../../src/warehouse/open.ts';
import { cleanUp } from '../support/clean-up.ts';
import { connect, initProject, makeConfig } from '../support/harness.ts';

const MAX_STALE_MS = 60_000;
const config = makeConfig();
const { server_key } = await initProject(config);
const services = await openControlServices(config);
const other = await openControlServices(config);
const { control, log, clock } = services;

/** The broken step: polling for changes, reading them, or neither. */
let broken: 'poll' | 'read' | undefined;
let nowMs = 0;

const ioError = () => Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR' });
const breakable: Control = {
  ...control,
  changeStamp: () => {
    if (broken === 'poll') throw ioError();
    return control.changeStamp();
  },
  get db() {
    if (broken !== undefined) throw ioError();
    return control.db;
  },
  get snapshots() {
    return this.db;
  },
};
const directory = await openDirectory(breakable, { maxStaleMs: MAX_STALE_MS, nowMs: () => nowMs });
const warehouse = await openWarehouse({ path: services.eventsDir, log, clock });
const rollups = openRollups({ ...services, warehouse });
const limiter = createLimiter({ overrides: config.limitOverrides });
const app = createServer({ ...services, control: breakable, directory, warehouse, rollups, limiter }, ROUTES);
const api = connect(await app.listen({ port: 0, host: '127.0.0.1' }));
cleanUp(async () => {
  await app.close();
  await rollups.close();
  await warehouse.close();
  directory.close();
  await other.close();
  await services.close();
});

const self = () => api.call('GET', '/v1/api-keys/self', { key: server_key });
const [project] = other.directory.listProjects();
assert.ok(project);

/** Makes another process change something, so that there is a change to read. */
async function changeElsewhere(): Promise<void> {
  await other.control.write(NO_CALLER, ({ tx }) =>
    other.audit.append(tx, { projectId: null, actor: CLI_ACTOR, action: 'project.updated', target: 'x' }),
  );
}

async function assertRefused(): Promise<void> {
  const { status, body, headers } = await self();
  assert.deepEqual([status, body.code], [503, 'storage_unavailable']);
  assert.match(headers.get('retry-after') ?? '', /^\d+$/);
}

for (const what of ['poll', 'read'] as const) {
  describe(`a failing control database (${what})`, () => {
    it(`authenticates from memory for up to 60 s while the database fails at ${what}, then returns 503 to every key`, async () => {
      assert.equal((await self()).status, 200);
      broken = what;
      await changeElsewhere();
      assert.equal((await self()).status, 200);
      nowMs += MAX_STALE_MS;
      assert.equal((await self()).status, 200);
      nowMs += 1;
      await assertRefused();
      const many = await Promise.all(Array.from({ length: 20 }, self));
      assert.deepEqual([...new Set(many.map(({ status }) => status))], [503]);
      const unknown = await api.call('GET', '/v1/project', { key: 'nonsense' });
      assert.notEqual(unknown.status, 200);
      assert.equal((await api.call('GET', '/healthz')).status, 200);
    });

    it(`recovers after the database failed at ${what}, with all changes made meanwhile`, async () => {
      broken = undefined;
      assert.equal((await self()).status, 200);
      nowMs += MAX_STALE_MS * 2;
      assert.equal((await self()).status, 200);
    });
  });
}

describe('a write that cannot be read back', () => {
  it('reads its own write back as soon as the database works again, without another change', async () => {
    const found = directory.listKeys(project.id).find(({ type }) => type === 'read_only');
    assert.ok(found);
    broken = 'read';
    await assert.rejects(revokeKey({ ...services, control, directory }, found, 'leaked', CLI_REQUESTER));
    assert.equal(directory.findKey(found.id)?.revokedAt, null);
    broken = undefined;
    await self();
    assert.notEqual(directory.findKey(found.id)?.revokedAt, null);
  });
});
