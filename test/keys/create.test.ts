import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
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
import { makeClock, makeConfig } from '../support/harness.ts';

const clock = makeClock();
const services = await openControlServices(makeConfig(), clock);
after(() => services.close());
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

/** Returns a request with the newest secret of a key, from an address in every list that the makers here have. */
function callerOf(key: ApiKey): KeyCaller {
  const secret = key.secrets[0] ?? assert.fail();
  const route = { access: 'any_key', selfParam: undefined } as const;
  const exchange = { address: '10.0.0.1', network: undefined, requestId: 'req_create', params: {} };
  return { ...toKeyCaller({ clock }, route, exchange, { key, secret }, project), actor };
}

const make = (body: Partial<CreateKeyBody>, maker?: ApiKey, into = project) =>
  createKey(
    services,
    into,
    { name: 'Test', type: 'server', ...body },
    maker ? callerOf(maker) : { ...CLI_GRANTOR, actor },
  );

const at = (ms: number) => new Date(clock.now() + ms).toISOString();

async function refusal(making: Promise<unknown>): Promise<ApiError> {
  const error = await making.then(
    () => assert.fail('was made'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ApiError, String(error));
  return error;
}

async function fieldsOf(making: Promise<unknown>): Promise<string[]> {
  const { code, members } = await refusal(making);
  assert.equal(code, 'validation_failed');
  return (members.errors as FieldError[]).map((error) => `${error.field} ${error.code}`);
}

describe('a new key', () => {
  it('is in the directory with what was asked for, and its secret opens it', async () => {
    const body: Partial<CreateKeyBody> = {
      name: '  Backend ',
      scopes: ['apps:read', 'apps:read', 'events:write'],
      app_ids: [first.id, first.id],
      expires_at: at(DAY_MS),
      ip_allowlist: ['10.0.0.0/8'],
      metadata: { team: 'a\nb', __proto__: 'x' },
    };
    const { key, secret } = await make(body);
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

  it('reaches all apps, never ends and may be used anywhere when nothing is said', async () => {
    const { key } = await make({ type: 'read_only', expires_at: null, app_ids: null });
    assert.deepEqual(
      [key.appIds, key.expiresAt, key.ipAllowlist.length, key.disabled],
      [null, null, 0, false],
    );
    assert.deepEqual([...key.granted], ['analytics:read', 'apps:read', 'project:read']);
  });

  it('is refused a scope above the ceiling of its type, each named', async () => {
    const asked = make({ type: 'client', scopes: ['events:write', 'events:read', 'keys:write'] });
    assert.deepEqual(await fieldsOf(asked), ['scopes.1 above_ceiling', 'scopes.2 above_ceiling']);
    assert.deepEqual(await fieldsOf(make({ type: 'read_only', scopes: ['apps:write'] })), [
      'scopes.0 above_ceiling',
    ]);
  });

  it('is told all that does not fit at once', async () => {
    const metadata = Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`k${index}`, 'v']));
    const asked = make({
      scopes: ['apps:read'],
      allowed_origins: ['https://a.example'],
      bundle_ids: ['com.example'],
      expires_at: at(0),
      metadata,
    });
    assert.deepEqual(await fieldsOf(asked), [
      'allowed_origins wrong_type',
      'bundle_ids wrong_type',
      'metadata out_of_range',
      'expires_at out_of_range',
    ]);
  });

  it('takes origins for read-only keys and bundle ids for client keys only', async () => {
    await make({ type: 'read_only', allowed_origins: ['https://a.example'] });
    await make({ type: 'client', bundle_ids: ['com.example'] });
    await make({ type: 'server', allowed_origins: [], bundle_ids: [] });
    const origins = make({ type: 'client', allowed_origins: ['https://a.example'] });
    assert.deepEqual(await fieldsOf(origins), ['allowed_origins wrong_type']);
    assert.deepEqual(await fieldsOf(make({ type: 'read_only', bundle_ids: ['a'] })), [
      'bundle_ids wrong_type',
    ]);
  });

  it('holds 20 entries and 2,048 bytes of metadata, counted as bytes', async () => {
    const entries = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, '']));
    await make({ metadata: entries(20) });
    assert.deepEqual(await fieldsOf(make({ metadata: entries(21) })), ['metadata out_of_range']);
    const frame = Buffer.byteLength('{"k":""}');
    await make({ metadata: { k: 'x'.repeat(2_048 - frame) } });
    assert.deepEqual(await fieldsOf(make({ metadata: { k: 'x'.repeat(2_049 - frame) } })), [
      'metadata out_of_range',
    ]);
    assert.deepEqual(await fieldsOf(make({ metadata: { k: 'ü'.repeat(1_030) } })), ['metadata out_of_range']);
  });

  it('must end after now, by one millisecond at least', async () => {
    assert.deepEqual(await fieldsOf(make({ expires_at: at(0) })), ['expires_at out_of_range']);
    assert.deepEqual(await fieldsOf(make({ expires_at: at(-1) })), ['expires_at out_of_range']);
    await make({ expires_at: at(1) });
  });
});

describe('a project that limits lifetimes', () => {
  it('wants an end, at most that far away, of every type of key', async () => {
    for (const type of ['server', 'client', 'read_only'] as const) {
      const into = (body: Partial<CreateKeyBody>) => make({ type, ...body }, undefined, limited);
      assert.deepEqual(await fieldsOf(into({})), ['expires_at required']);
      assert.deepEqual(await fieldsOf(into({ expires_at: null })), ['expires_at required']);
      assert.deepEqual(await fieldsOf(into({ expires_at: at(10 * DAY_MS + 1) })), [
        'expires_at out_of_range',
      ]);
      await into({ expires_at: at(10 * DAY_MS) });
    }
  });

  it('holds client keys to the end of the key that makes them', async () => {
    const { key } = await make({ expires_at: at(DAY_MS) }, undefined, limited);
    const later = make({ type: 'client', expires_at: at(DAY_MS + 1) }, key, limited);
    assert.equal((await refusal(later)).code, 'exceeds_own_permissions');
    await make({ type: 'client', expires_at: at(DAY_MS) }, key, limited);
  });
});

describe('what belongs to others', () => {
  it('is not found: another project, before anything else is judged', async () => {
    const asked = make({ project_id: other.id, expires_at: at(-1) });
    assert.equal((await refusal(asked)).code, 'not_found');
    assert.equal((await refusal(make({ project_id: newId('proj') }))).code, 'not_found');
    assert.equal((await make({ project_id: project.id })).key.projectId, project.id);
  });

  it('is not found: an app of another project, like one that does not exist', async () => {
    const foreignApp = await refusal(make({ app_ids: [first.id, foreign.id] }));
    const missingApp = await refusal(make({ app_ids: [newId('app')] }));
    assert.deepEqual([foreignApp.code, foreignApp.message], ['not_found', missingApp.message]);
  });
});

describe('a key made by a key', () => {
  /** Dimension by dimension: what the maker is, and what it tries to give. */
  const attempts: [what: string, maker: Partial<CreateKeyBody>, asked: () => Partial<CreateKeyBody>][] = [
    ['a scope it lacks', { scopes: ['keys:write'] }, () => ({ scopes: ['project:write'] })],
    ['all scopes, left out', { scopes: ['keys:write', 'apps:read'] }, () => ({})],
    ['a read-only key it does not cover', { scopes: ['keys:write'] }, () => ({ type: 'read_only' })],
    ['a client key without events:write', { scopes: ['keys:write'] }, () => ({ type: 'client' })],
    ['an app it does not reach', { app_ids: [first.id] }, () => ({ app_ids: [first.id, second.id] })],
    ['all apps, left out', { app_ids: [first.id] }, () => ({})],
    ['all apps, null', { app_ids: [first.id] }, () => ({ app_ids: null })],
    ['all apps to a client key', { app_ids: [first.id] }, () => ({ type: 'client' })],
    ['a later end', { expires_at: at(DAY_MS) }, () => ({ expires_at: at(DAY_MS + 1) })],
    ['no end, left out', { expires_at: at(DAY_MS) }, () => ({})],
    ['no end to a read-only key', { expires_at: at(DAY_MS) }, () => ({ type: 'read_only' })],
    ['another address', { ip_allowlist: ['10.0.0.1'] }, () => ({ ip_allowlist: ['10.0.0.1', '10.0.0.2'] })],
    ['any address, left out', { ip_allowlist: ['10.0.0.1'] }, () => ({})],
    ['any address, empty', { ip_allowlist: ['10.0.0.1'] }, () => ({ ip_allowlist: [] })],
    ['any address as a network', { ip_allowlist: ['10.0.0.1'] }, () => ({ ip_allowlist: ['0.0.0.0/0'] })],
    ['more while it is disabled', { scopes: ['keys:write'] }, () => ({ disabled: true })],
  ];

  for (const [what, maker, asked] of attempts) {
    it(`is never given ${what}`, async () => {
      const { key } = await make(maker);
      const before = services.directory.listKeys(project.id).length;
      const error = await refusal(make(asked(), key));
      assert.equal(error.code, 'exceeds_own_permissions');
      assert.equal(services.directory.listKeys(project.id).length, before);
    });
  }

  it('is given just what its maker has, and can make no more either', async () => {
    const bounds: Partial<CreateKeyBody> = {
      scopes: ['keys:write', 'apps:read'],
      app_ids: [first.id],
      expires_at: at(DAY_MS),
      ip_allowlist: ['10.0.0.0/8'],
    };
    const { key: maker } = await make(bounds);
    const { key: child } = await make(bounds, maker);
    await make({ ...bounds, scopes: ['apps:read'], ip_allowlist: ['10.1.2.3'] }, child);
    const wider = make({ ...bounds, scopes: ['keys:write', 'apps:write'] }, child);
    assert.equal((await refusal(wider)).code, 'exceeds_own_permissions');
  });

  it('may be a client key for phones, though its maker is bound to an address and an end', async () => {
    const { key: maker } = await make({ expires_at: at(DAY_MS), ip_allowlist: ['10.0.0.1'] });
    const { key } = await make({ type: 'client' }, maker);
    assert.deepEqual([key.expiresAt, key.ipAllowlist.length], [null, 0]);
  });
});
