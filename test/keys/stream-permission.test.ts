import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CLI_ACTOR, type KeyCaller } from '../../src/api/caller.ts';
import type { ErrorCode } from '../../src/api/error-codes.ts';
import type { Control } from '../../src/control/control.ts';
import { openDirectory } from '../../src/directory/directory.ts';
import { findStreamRefusal, type StreamPermission } from '../../src/http/pipeline/stream-permission.ts';
import { createServer } from '../../src/http/server.ts';
import { OPTIONAL_KEY_FIELDS } from '../../src/keys/key-fields.ts';
import { verify } from '../../src/keys/verify/verify.ts';
import { MINUTE_MS } from '../../src/lib/durations.ts';
import { createLimiter } from '../../src/limits/limiter.ts';
import { openRollups } from '../../src/rollups/rollups.ts';
import { ROUTES } from '../../src/routes.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { openWarehouse } from '../../src/warehouse/open.ts';
import { cleanUp } from '../support/clean-up.ts';
import { connect, initProject, makeClock, makeConfig } from '../support/harness.ts';

const MAX_STALE_MS = 60_000;
const ORIGIN = 'https://reports.example.com';

const clock = makeClock();
const config = makeConfig();
const { server_key, app_id } = await initProject(config);
const services = await openControlServices(config, clock);
const { control, log, pepper } = services;

let isBroken = false;
let monotonicMs = 0;
const breakable: Control = {
  ...control,
  changeStamp: () => {
    if (isBroken) throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR' });
    return control.changeStamp();
  },
};
const directory = await openDirectory(breakable, { maxStaleMs: MAX_STALE_MS, nowMs: () => monotonicMs });
const warehouse = await openWarehouse({ path: services.eventsDir, log, clock });
const rollups = openRollups({ ...services, warehouse });
const limiter = createLimiter({ overrides: config.limitOverrides });
const served = { ...services, control: breakable, directory, warehouse, rollups, limiter };
const server = createServer(served, ROUTES);
const api = connect(await server.listen({ port: 0, host: '127.0.0.1' }));
cleanUp(async () => {
  for (const one of [server, rollups, warehouse, directory, services]) await one.close();
});

type Made = { id: string; key: string };

async function manage(method: string, path: string, body?: unknown) {
  const answer = await api.call(method, path, { key: server_key, ...(body === undefined ? {} : { body }) });
  assert.ok(answer.status < 300, answer.text);
  return answer.body;
}

const makeKey = (fields: object): Promise<Made> =>
  manage('POST', '/v1/api-keys', { name: 'Reader', ...fields });
const patch = ({ id }: Made, body: object) => manage('PATCH', `/v1/api-keys/${id}`, body);
const otherApp: { id: string } = await manage('POST', '/v1/apps', { name: 'Other', platform: 'web' });

/** A route with a request to it, and the permission that its stream needs. */
type Reading = { path: string; access: StreamPermission['access']; appIds: StreamPermission['appIds'] };

const ONE_APP: Reading = {
  path: `/v1/analytics/daily?app_id=${app_id}&days=1`,
  access: 'analytics:read',
  appIds: [app_id],
};
const WHOLE_PROJECT: Reading = { path: '/v1/audit-log', access: 'audit:read', appIds: null };

/** Returns the permission of a stream that a caller with this secret opens now. */
function permissionOf(secret: string, { access, appIds }: Reading, origin?: string): StreamPermission {
  const verdict = verify(secret, directory, pepper, clock.now());
  assert.ok(verdict.ok);
  const project = directory.findProject(verdict.found.key.projectId) ?? assert.fail();
  const caller: KeyCaller = {
    ...verdict.found,
    principal: verdict.found.key,
    project,
    address: '127.0.0.1',
    network: '127.0.0.1',
    actor: CLI_ACTOR,
    recheck: () => assert.fail('nothing is written'),
  };
  return {
    caller,
    origin,
    cors: access === 'audit:read' ? 'none' : 'key_origins',
    access,
    appIds,
    needsAllApps: true,
  };
}

/** Asserts that the recheck of an open stream and a new request give the same result. */
async function assertRecheck(
  code: ErrorCode | undefined,
  secret: string,
  reading: Reading,
  permission: StreamPermission,
) {
  assert.equal(findStreamRefusal(served, permission), code);
  const headers = permission.origin === undefined ? {} : { origin: permission.origin };
  const { status, body } = await api.call('GET', reading.path, { key: secret, headers });
  assert.deepEqual([status === 200, body.code], [code === undefined, code]);
}

type Case = {
  what: string;
  /** The field that restricts the key, if the case is about one. */
  field?: keyof typeof OPTIONAL_KEY_FIELDS;
  fields: object;
  reading?: Reading;
  origin?: string;
  change: (key: Made) => Promise<unknown>;
  /** undefined if the stream stays open. */
  code: ErrorCode | undefined;
};

const READER = { type: 'read_only' };
const PAGE = { ...READER, allowed_origins: [ORIGIN] };
const rotate = ({ id }: Made) => manage('POST', `/v1/api-keys/${id}/rotate`, {});

const CLOSED: Case[] = [
  {
    what: 'is revoked',
    fields: READER,
    change: ({ id }) => manage('DELETE', `/v1/api-keys/${id}`),
    code: 'api_key_revoked',
  },
  {
    what: 'is disabled',
    field: 'disabled',
    fields: READER,
    change: (key) => patch(key, { disabled: true }),
    code: 'api_key_disabled',
  },
  {
    what: 'expires earlier than before',
    field: 'expires_at',
    fields: READER,
    change: async (key) => {
      await patch(key, { expires_at: new Date(clock.now() + 1_000).toISOString() });
      clock.advance(1_000);
    },
    code: 'api_key_expired',
  },
  {
    what: 'loses the presented secret because its grace period was ended',
    fields: READER,
    change: async (key) => {
      await rotate(key);
      await manage('POST', `/v1/api-keys/${key.id}/end-grace`);
    },
    code: 'api_key_revoked',
  },
  {
    what: 'loses the scope',
    field: 'scopes',
    fields: READER,
    change: (key) => patch(key, { scopes: ['apps:read'] }),
    code: 'insufficient_scope',
  },
  {
    what: 'is restricted to other apps',
    field: 'app_ids',
    fields: READER,
    change: (key) => patch(key, { app_ids: [otherApp.id] }),
    code: 'app_not_allowed',
  },
  {
    what: 'is restricted to one app while it reads the whole project',
    field: 'app_ids',
    fields: { type: 'server' },
    reading: WHOLE_PROJECT,
    change: (key) => patch(key, { app_ids: [app_id] }),
    code: 'app_not_allowed',
  },
  {
    what: 'is restricted to other IP addresses',
    field: 'ip_allowlist',
    fields: READER,
    change: (key) => patch(key, { ip_allowlist: ['203.0.113.0/24'] }),
    code: 'ip_not_allowed',
  },
  {
    what: 'loses the origin of the page',
    field: 'allowed_origins',
    fields: PAGE,
    origin: ORIGIN,
    change: (key) => patch(key, { allowed_origins: ['https://other.example.com'] }),
    code: 'origin_not_allowed',
  },
];

const OPEN: Case[] = [
  { what: 'is renamed', fields: READER, change: (key) => patch(key, { name: 'Renamed' }), code: undefined },
  {
    what: 'is rotated and the presented secret has a grace period',
    fields: READER,
    change: rotate,
    code: undefined,
  },
  {
    what: 'is restricted to exactly what the stream needs',
    fields: PAGE,
    origin: ORIGIN,
    change: (key) =>
      patch(key, {
        scopes: ['analytics:read'],
        app_ids: [app_id],
        ip_allowlist: ['127.0.0.0/8'],
        expires_at: new Date(clock.now() + MINUTE_MS).toISOString(),
      }),
    code: undefined,
  },
  {
    what: 'loses an origin that the stream does not use',
    fields: PAGE,
    change: (key) => patch(key, { allowed_origins: [] }),
    code: undefined,
  },
];

/** Fields of a key that restrict no stream. */
const UNRELATED = ['bundle_ids', 'allowed_sdks', 'rate_limits', 'metadata'];

describe('rechecking open streams', () => {
  for (const { what, fields, reading = ONE_APP, origin, change, code } of [...CLOSED, ...OPEN]) {
    it(`${code === undefined ? 'keeps a stream open' : 'closes a stream'} if its key ${what}`, async () => {
      const key = await makeKey(fields);
      const permission = permissionOf(key.key, reading, origin);
      await assertRecheck(undefined, key.key, reading, permission);
      await change(key);
      await assertRecheck(code, key.key, reading, permission);
    });
  }

  it('covers every field that restricts a key: new fields need a case in this file', () => {
    const tried = new Set([...CLOSED.flatMap(({ field }) => field ?? []), ...UNRELATED]);
    assert.deepEqual([...tried].sort(), Object.keys(OPTIONAL_KEY_FIELDS).sort());
  });

  it('keeps a stream open to the last millisecond before its key expires', async () => {
    const key = await makeKey({ ...READER, expires_at: new Date(clock.now() + MINUTE_MS).toISOString() });
    const permission = permissionOf(key.key, ONE_APP);
    clock.advance(MINUTE_MS - 1);
    await assertRecheck(undefined, key.key, ONE_APP, permission);
    clock.advance(1);
    await assertRecheck('api_key_expired', key.key, ONE_APP, permission);
  });

  it("keeps a stream open to the last millisecond of its secret's grace period, and streams with the new secret beyond", async () => {
    const key = await makeKey(READER);
    const { key: newer } = await manage('POST', `/v1/api-keys/${key.id}/rotate`, { grace_seconds: 60 });
    const [old, young] = [permissionOf(key.key, ONE_APP), permissionOf(newer, ONE_APP)];
    clock.advance(MINUTE_MS - 1);
    await assertRecheck(undefined, key.key, ONE_APP, old);
    clock.advance(1);
    await assertRecheck('api_key_expired', key.key, ONE_APP, old);
    await assertRecheck(undefined, newer, ONE_APP, young);
  });

  it('closes a stream if the app it reads is deleted', async () => {
    const app = await manage('POST', '/v1/apps', { name: 'Short-lived', platform: 'ios' });
    const reading = { ...ONE_APP, path: `/v1/analytics/daily?app_id=${app.id}&days=1`, appIds: [app.id] };
    const key = await makeKey(READER);
    const permission = permissionOf(key.key, reading);
    await assertRecheck(undefined, key.key, reading, permission);
    await manage('DELETE', `/v1/apps/${app.id}`);
    await assertRecheck('not_found', key.key, reading, permission);
  });

  it('closes a stream if its key or project no longer exists', async () => {
    const permission = permissionOf((await makeKey(READER)).key, ONE_APP);
    const without = (gone: object) =>
      findStreamRefusal({ ...served, directory: { ...directory, ...gone } }, permission);
    assert.equal(without({}), undefined);
    assert.equal(without({ findKey: () => undefined }), 'invalid_api_key');
    assert.equal(without({ findProject: () => undefined }), 'invalid_api_key');
  });

  it('closes streams if the directory is too stale to be trusted, and not a millisecond earlier', async () => {
    const key = await makeKey(READER);
    const permission = permissionOf(key.key, ONE_APP);
    await assertRecheck(undefined, key.key, ONE_APP, permission);
    isBroken = true;
    monotonicMs += MAX_STALE_MS;
    await assertRecheck(undefined, key.key, ONE_APP, permission);
    monotonicMs += 1;
    await assertRecheck('storage_unavailable', key.key, ONE_APP, permission).finally(() => {
      isBroken = false;
    });
    await directory.ensureFresh();
    await assertRecheck(undefined, key.key, ONE_APP, permission);
  });
});
