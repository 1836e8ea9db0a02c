import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KeyCaller } from '../../src/api/caller.ts';
import { CLI_ACTOR, CLI_REQUESTER } from '../../src/api/caller.ts';
import { ApiError, type FieldError } from '../../src/api/errors.ts';
import { createApp } from '../../src/apps/create.ts';
import type { ApiKey } from '../../src/directory/key.ts';
import { isWellFormedSecret } from '../../src/directory/secret.ts';
import { toKeyCaller } from '../../src/http/pipeline/callers.ts';
import { type CreateKeyBody, createKey } from '../../src/keys/create.ts';
import { CLI_GRANTOR } from '../../src/keys/escalation.ts';
import { DAY_MS } from '../../src/lib/durations.ts';
import { newId } from '../../src/lib/id.ts';
import { createProject } from '../../src/projects/create.ts';
import { updateProject } from '../../src/projects/update.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { cleanUp } from '../support/clean-up.ts';
import { makeClock, makeConfig } from '../support/harness.ts';

const clock = makeClock();
const services = await openControlServices(makeConfig(), clock);
cleanUp(() => services.close());
const project = await createProject(services, 'Keys', CLI_REQUESTER);
const other = await createProject(services, 'Other', CLI_REQUESTER);
const limited = await updateProject(
  services,
  await createProject(services, 'Limited', CLI_REQUESTER),
  { max_key_lifetime_days: 10 },
  CLI_REQUESTER,
);
const newApp = (projectId: string) =>
  createApp(services, projectId, { name: 'App', platform: 'ios' }, CLI_REQUESTER);
const [first, second, foreign] = [await newApp(project.id), await newApp(project.id), await newApp(other.id)];

const actor = { ...CLI_ACTOR, id: 'key_maker' };

/** Returns a caller with the newest secret of a key, from an address that every allowlist in this file contains. */
function callerOf(key: ApiKey): KeyCaller {
  const secret = key.secrets[0] ?? assert.fail();
  const route = { access: 'any_key', selfParam: undefined } as const;
  const exchange = { address: '10.0.0.1', network: '10.0.0.1', requestId: 'req_create', params: {} };
  return { ...toKeyCaller({ clock }, route, exchange, { key, secret }, project), actor };
}

const create = (body: Partial<CreateKeyBody>, grantor?: ApiKey, into = project) =>
  createKey(
    services,
    into,
    { name: 'Test', type: 'server', ...body },
    grantor ? callerOf(grantor) : { ...CLI_GRANTOR, actor },
  );

const at = (ms: number) => new Date(clock.now() + ms).toISOString();

async function getError(creating: Promise<unknown>): Promise<ApiError> {
  const error = await creating.then(
    () => assert.fail('was made'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ApiError, String(error));
  return error;
}

async function fieldsOf(creating: Promise<unknown>): Promise<string[]> {
  const { code, members } = await getError(creating);
  assert.equal(code, 'validation_failed');
  return (members.errors as FieldError[]).map((error) => `${error.field} ${error.code}`);
}

describe('creating a key', () => {
  it('stores a new key in the directory with all requested fields and a valid secret', async () => {
    const body: Partial<CreateKeyBody> = {
      name: '  Backend ',
      scopes: ['apps:read', 'apps:read', 'events:write'],
      app_ids: [first.id, first.id],
      expires_at: at(DAY_MS),
      ip_allowlist: ['10.0.0.0/8'],
      metadata: { team: 'a\nb', __proto__: 'x' },
    };
    const { key, secret } = await create(body);
    assert.ok(isWellFormedSecret(secret));
    assert.equal(key.name, 'Backend');
    assert.deepEqual(key.scopes, ['apps:read', 'events:write']);
    assert.deepEqual([...key.granted], ['events:write', 'apps:read']);
    assert.deepEqual(key.appIds, [first.id]);
    assert.equal(key.expiresAt, clock.now() + DAY_MS);
    assert.deepEqual([key.createdAt, key.createdBy], [clock.now(), 'key_maker']);
    assert.equal(services.directory.findKey(key.id), key);
    assert.ok(!JSON.stringify(key).includes(secret));
  });

  it('creates a key for all apps, without expiry or address restrictions, if none are given', async () => {
    const { key } = await create({ type: 'read_only', expires_at: null, app_ids: null });
    assert.deepEqual(
      [key.appIds, key.expiresAt, key.ipAllowlist.length, key.disabled],
      [null, null, 0, false],
    );
    assert.deepEqual([...key.granted], ['analytics:read', 'apps:read', 'project:read']);
  });

  it('rejects each scope above the maximum of the key type', async () => {
    const asked = create({ type: 'client', scopes: ['events:write', 'events:read', 'keys:write'] });
    assert.deepEqual(await fieldsOf(asked), ['scopes.1 above_ceiling', 'scopes.2 above_ceiling']);
    assert.deepEqual(await fieldsOf(create({ type: 'read_only', scopes: ['apps:write'] })), [
      'scopes.0 above_ceiling',
    ]);
  });

  it('reports all validation errors together', async () => {
    const metadata = Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`k${index}`, 'v']));
    const asked = create({
      scopes: ['apps:read'],
      allowed_origins: ['https://a.example'],
      bundle_ids: ['com.example'],
      allowed_sdks: ['posthog'],
      expires_at: at(0),
      metadata,
    });
    assert.deepEqual(await fieldsOf(asked), [
      'allowed_origins wrong_type',
      'bundle_ids wrong_type',
      'allowed_sdks wrong_type',
      'metadata out_of_range',
      'expires_at out_of_range',
    ]);
  });

  it('accepts origins only for read-only keys, bundle IDs and SDKs only for client keys', async () => {
    await create({ type: 'read_only', allowed_origins: ['https://a.example'] });
    await create({ type: 'client', bundle_ids: ['com.example'] });
    await create({ type: 'client', allowed_sdks: ['appflow', 'posthog'] });
    await create({ type: 'server', allowed_origins: [], bundle_ids: [], allowed_sdks: null });
    const origins = create({ type: 'client', allowed_origins: ['https://a.example'] });
    assert.deepEqual(await fieldsOf(origins), ['allowed_origins wrong_type']);
    assert.deepEqual(await fieldsOf(create({ type: 'read_only', bundle_ids: ['a'] })), [
      'bundle_ids wrong_type',
    ]);
    for (const type of ['server', 'read_only'] as const) {
      const sdks = create({ type, allowed_sdks: ['appflow'] });
      assert.deepEqual(await fieldsOf(sdks), ['allowed_sdks wrong_type']);
    }
  });

  it('accepts at most 20 metadata entries and 2,048 bytes, not characters', async () => {
    const entries = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, '']));
    await create({ metadata: entries(20) });
    assert.deepEqual(await fieldsOf(create({ metadata: entries(21) })), ['metadata out_of_range']);
    const frame = Buffer.byteLength('{"k":""}');
    await create({ metadata: { k: 'x'.repeat(2_048 - frame) } });
    assert.deepEqual(await fieldsOf(create({ metadata: { k: 'x'.repeat(2_049 - frame) } })), [
      'metadata out_of_range',
    ]);
    assert.deepEqual(await fieldsOf(create({ metadata: { k: 'ü'.repeat(1_030) } })), [
      'metadata out_of_range',
    ]);
  });

  it('requires an expiry at least one millisecond in the future', async () => {
    assert.deepEqual(await fieldsOf(create({ expires_at: at(0) })), ['expires_at out_of_range']);
    assert.deepEqual(await fieldsOf(create({ expires_at: at(-1) })), ['expires_at out_of_range']);
    await create({ expires_at: at(1) });
  });
});

describe('projects that limit key lifetimes', () => {
  it('requires every type of key to expire within the maximum lifetime', async () => {
    for (const type of ['server', 'client', 'read_only'] as const) {
      const into = (body: Partial<CreateKeyBody>) => create({ type, ...body }, undefined, limited);
      assert.deepEqual(await fieldsOf(into({})), ['expires_at required']);
      assert.deepEqual(await fieldsOf(into({ expires_at: null })), ['expires_at required']);
      assert.deepEqual(await fieldsOf(into({ expires_at: at(10 * DAY_MS + 1) })), [
        'expires_at out_of_range',
      ]);
      await into({ expires_at: at(10 * DAY_MS) });
    }
  });

  it('prevents client keys from outliving the key that creates them', async () => {
    const { key } = await create({ expires_at: at(DAY_MS) }, undefined, limited);
    const later = create({ type: 'client', expires_at: at(DAY_MS + 1) }, key, limited);
    assert.equal((await getError(later)).code, 'exceeds_own_permissions');
    await create({ type: 'client', expires_at: at(DAY_MS) }, key, limited);
  });
});

describe('ids in other projects', () => {
  it('returns 404 for another project before validating the body', async () => {
    const asked = create({ project_id: other.id, expires_at: at(-1) });
    assert.equal((await getError(asked)).code, 'not_found');
    assert.equal((await getError(create({ project_id: newId('proj') }))).code, 'not_found');
    assert.equal((await create({ project_id: project.id })).key.projectId, project.id);
  });

  it('returns the same 404 for an app in another project as for a missing app', async () => {
    const foreignApp = await getError(create({ app_ids: [first.id, foreign.id] }));
    const missingApp = await getError(create({ app_ids: [newId('app')] }));
    assert.deepEqual([foreignApp.code, foreignApp.message], ['not_found', missingApp.message]);
  });
});

describe('a key created by another key', () => {
  /** For each kind of permission: the grantor, and the key it tries to create. */
  const attempts: [what: string, grantor: Partial<CreateKeyBody>, asked: () => Partial<CreateKeyBody>][] = [
    ['a scope that the grantor lacks', { scopes: ['keys:write'] }, () => ({ scopes: ['project:write'] })],
    ['all scopes by omission', { scopes: ['keys:write', 'apps:read'] }, () => ({})],
    [
      'a read-only key with scopes that the grantor lacks',
      { scopes: ['keys:write'] },
      () => ({ type: 'read_only' }),
    ],
    ['a client key without having events:write', { scopes: ['keys:write'] }, () => ({ type: 'client' })],
    [
      'an app that the grantor cannot access',
      { app_ids: [first.id] },
      () => ({ app_ids: [first.id, second.id] }),
    ],
    ['all apps by omission', { app_ids: [first.id] }, () => ({})],
    ['all apps with null', { app_ids: [first.id] }, () => ({ app_ids: null })],
    ['a client key for all apps', { app_ids: [first.id] }, () => ({ type: 'client' })],
    ['a later expiry', { expires_at: at(DAY_MS) }, () => ({ expires_at: at(DAY_MS + 1) })],
    ['no expiry by omission', { expires_at: at(DAY_MS) }, () => ({})],
    ['a read-only key without expiry', { expires_at: at(DAY_MS) }, () => ({ type: 'read_only' })],
    [
      'another IP address',
      { ip_allowlist: ['10.0.0.1'] },
      () => ({ ip_allowlist: ['10.0.0.1', '10.0.0.2'] }),
    ],
    ['any IP address by omission', { ip_allowlist: ['10.0.0.1'] }, () => ({})],
    ['any IP address with an empty list', { ip_allowlist: ['10.0.0.1'] }, () => ({ ip_allowlist: [] })],
    ['any IP address as a network', { ip_allowlist: ['10.0.0.1'] }, () => ({ ip_allowlist: ['0.0.0.0/0'] })],
    ['all scopes to a disabled key', { scopes: ['keys:write'] }, () => ({ disabled: true })],
  ];

  for (const [what, grantor, asked] of attempts) {
    it(`rejects granting ${what}`, async () => {
      const { key } = await create(grantor);
      const before = services.directory.listKeys(project.id).length;
      const error = await getError(create(asked(), key));
      assert.equal(error.code, 'exceeds_own_permissions');
      assert.equal(services.directory.listKeys(project.id).length, before);
    });
  }

  it("creates a key with exactly the grantor's permissions, which cannot grant more either", async () => {
    const bounds: Partial<CreateKeyBody> = {
      scopes: ['keys:write', 'apps:read'],
      app_ids: [first.id],
      expires_at: at(DAY_MS),
      ip_allowlist: ['10.0.0.0/8'],
    };
    const { key: grantor } = await create(bounds);
    const { key: child } = await create(bounds, grantor);
    await create({ ...bounds, scopes: ['apps:read'], ip_allowlist: ['10.1.2.3'] }, child);
    const wider = create({ ...bounds, scopes: ['keys:write', 'apps:write'] }, child);
    assert.equal((await getError(wider)).code, 'exceeds_own_permissions');
  });

  it('creates an unrestricted client key for phones even if the grantor has an expiry and an IP allowlist', async () => {
    const { key: grantor } = await create({ expires_at: at(DAY_MS), ip_allowlist: ['10.0.0.1'] });
    const { key } = await create({ type: 'client' }, grantor);
    assert.deepEqual([key.expiresAt, key.ipAllowlist.length], [null, 0]);
  });
});
