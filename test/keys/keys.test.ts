import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DAY_MS } from '../../src/lib/durations.ts';
import { newId } from '../../src/lib/id.ts';
import { initProject, makeClock, makeKey, startTestServer } from '../support/harness.ts';

const clock = makeClock();
const api = await startTestServer({}, { clock });
const { server_key: key, client_key, read_only_key, project_id } = api.project;

type Row = { id: string; type: string; status: string };

const create = (body: unknown, as = key) => api.call('POST', '/v1/api-keys', { key: as, body });
const list = async (search: string, as = key) =>
  (await api.call('GET', `/v1/api-keys${search}`, { key: as })).body;
const get = async (id: string) => (await api.call('GET', `/v1/api-keys/${id}`, { key })).body;
const revoke = (id: string, search = '', as = key) =>
  api.call('DELETE', `/v1/api-keys/${id}${search}`, { key: as });
const self = (as: string) => api.call('GET', '/v1/api-keys/self', { key: as });

describe('creating keys', () => {
  it('returns the documented response, with the secret only this once', async () => {
    const body = { project_id, name: 'Production iOS', type: 'client', scopes: ['events:write'] };
    const answer = await create(body);
    assert.equal(answer.status, 201);
    assert.match(answer.body.key, /^ck_af1_[0-9A-Za-z]{49}$/);
    const { key: secret, ...record } = answer.body;
    assert.deepEqual(record, await get(answer.body.id));
    assert.equal(record.hint, `ck_af1_${secret.slice(7, 11)}…${secret.slice(-4)}`);
    assert.deepEqual(record.secrets, [
      { version: 1, hint: record.hint, created_at: record.created_at, last_used_at: null, expires_at: null },
    ]);
    assert.equal((await self(secret)).status, 200);
  });

  it('reports every invalid field in one response', async () => {
    const { status, body } = await create({
      name: ' ',
      type: 'admin',
      scopes: ['events:write', 'members:read'],
      app_ids: [],
      expires_at: 'tomorrow',
      ip_allowlist: ['10/8', '010.0.0.1', '1.2.3.4/33', '::1'],
      allowed_origins: ['https://a.example/path', 'a.example', 'https://a.example'],
      bundle_ids: [''],
      allowed_sdks: ['posthog', 'PostHog'],
      disabled: 1,
      metadata: { 'a\nb': 5 },
      rate_limit: {},
    });
    assert.equal(status, 422);
    const fields = body.errors.map(({ field }: { field: string }) => field).sort();
    assert.deepEqual(fields, [
      'allowed_origins.0',
      'allowed_origins.1',
      'allowed_sdks.1',
      'app_ids',
      'bundle_ids.0',
      'disabled',
      'expires_at',
      'ip_allowlist.0',
      'ip_allowlist.1',
      'ip_allowlist.2',
      'metadata.a\nb',
      'name',
      'rate_limit',
      'scopes.1',
      'type',
    ]);
  });

  it('rejects an expiry that RFC 3339 cannot represent', async () => {
    const last = await create({ name: 'x', type: 'client', expires_at: '9999-12-31T23:59:59.999Z' });
    assert.equal(last.status, 201);
    const beyond = await create({ name: 'x', type: 'client', expires_at: '9999-12-31T23:59:59-00:01' });
    assert.equal(beyond.status, 422);
  });

  it('accepts names of up to 100 characters, but no blank names', async () => {
    assert.equal((await create({ name: 'n'.repeat(100), type: 'client' })).status, 201);
    for (const name of ['n'.repeat(101), '', '  ']) {
      assert.equal((await create({ name, type: 'client' })).status, 422);
    }
  });

  it('rejects granting more permissions than the caller has', async () => {
    const grantor = await makeKey(api, { type: 'server', scopes: ['keys:write', 'keys:read'] });
    const answer = await create({ name: 'x', type: 'server' }, grantor.key);
    assert.equal(answer.status, 403);
    assert.equal(answer.body.code, 'exceeds_own_permissions');
    assert.match(answer.body.detail, /scopes \(events:write, /);
  });
});

describe('listing keys', () => {
  it('filters keys by type and status', async () => {
    const soon = new Date(clock.now() + 1_000).toISOString();
    const made = {
      expired: await makeKey(api, { type: 'read_only', expires_at: soon }),
      disabled: await makeKey(api, { type: 'read_only', disabled: true }),
      revoked: await makeKey(api, { type: 'read_only' }),
      active: await makeKey(api, { type: 'read_only' }),
      expiring: await makeKey(api, {
        type: 'read_only',
        expires_at: new Date(clock.now() + DAY_MS).toISOString(),
      }),
    };
    await revoke(made.revoked.id);
    clock.advance(1_000);
    for (const [status, { id }] of Object.entries(made)) {
      const { data } = await list(`?type=read_only&status=${status}&limit=200`);
      assert.ok(
        data.some((row: Row) => row.id === id),
        status,
      );
      assert.ok(data.every((row: Row) => row.status === status && row.type === 'read_only'));
    }
    const { data } = await list('?type=client&limit=200');
    assert.ok(data.length > 0 && data.every((row: Row) => row.type === 'client'));
    assert.equal((await api.call('GET', '/v1/api-keys?type=admin', { key })).status, 422);
  });

  it('lists 450 keys once each, newest first, while others are created', async () => {
    const there = await initProject(api.config);
    const as = there.server_key;
    for (let index = 0; index < 447; index += 1) await create({ name: `K${index}`, type: 'client' }, as);
    const seen: string[] = [];
    const sizes: number[] = [];
    for (let cursor = ''; ; ) {
      const page = await list(`?limit=200${cursor}`, as);
      seen.push(...page.data.map(({ id }: Row) => id));
      sizes.push(page.data.length);
      if (page.next_cursor === null) break;
      cursor = `&cursor=${page.next_cursor}`;
      await create({ name: 'Later', type: 'client' }, as);
    }
    assert.deepEqual(sizes, [200, 200, 50]);
    assert.equal(new Set(seen).size, 450);
    assert.deepEqual(seen, seen.toSorted().reverse());
    assert.equal((await list('', as)).data.length, 50);
  });

  it('returns no cursor after a last page that is exactly full', async () => {
    const there = await initProject(api.config);
    assert.equal((await list('?limit=3', there.server_key)).next_cursor, null);
    const { data, next_cursor } = await list('?limit=2', there.server_key);
    assert.equal(data.length, 2);
    const last = await list(`?limit=2&cursor=${next_cursor}`, there.server_key);
    assert.deepEqual([last.data.length, last.next_cursor], [1, null]);
  });

  it('never lists a secret', async () => {
    const { text } = await api.call('GET', '/v1/api-keys?limit=200', { key });
    for (const secret of [key, client_key, read_only_key]) assert.ok(!text.includes(secret));
  });
});

describe('revoking keys', () => {
  it('rejects the first request after a revocation', async () => {
    const made = await makeKey(api, { type: 'server' });
    assert.equal((await self(made.key)).status, 200);
    const answer = await revoke(made.id, '?reason=leaked');
    assert.equal(answer.status, 200);
    const { status, revoked_at, revoked_reason, revoked_by } = answer.body;
    const caller = (await self(key)).body.id;
    assert.deepEqual([status, revoked_reason, revoked_by], ['revoked', 'leaked', caller]);
    assert.equal(revoked_at, new Date(clock.now()).toISOString());
    const refused = await self(made.key);
    assert.deepEqual([refused.status, refused.body.code], [401, 'api_key_revoked']);
  });

  it('keeps the first reason and time when a key is revoked again', async () => {
    const { id } = await makeKey(api, { type: 'client' });
    const first = await revoke(id, '?reason=unused');
    clock.advance(5_000);
    const second = await revoke(id, '?reason=member_left');
    assert.equal(second.status, 200);
    assert.deepEqual(second.body, first.body);
  });

  it('uses `other` as the default reason and rejects unknown reasons', async () => {
    const { id } = await makeKey(api, { type: 'client' });
    assert.equal((await revoke(id, '?reason=because')).status, 422);
    assert.equal((await get(id)).status, 'active');
    assert.equal((await revoke(id)).body.revoked_reason, 'other');
  });

  it('allows a key to revoke itself', async () => {
    const made = await makeKey(api, { type: 'server' });
    assert.equal((await revoke(made.id, '', made.key)).status, 200);
    assert.equal((await self(made.key)).body.code, 'api_key_revoked');
  });

  it('requires only keys:write to revoke a key, even one with more scopes', async () => {
    const only = await makeKey(api, { type: 'server', scopes: ['keys:write'] });
    const { id } = await makeKey(api, { type: 'server' });
    assert.equal((await revoke(id, '', only.key)).status, 200);
  });

  it('returns 404 when revoking a key that does not exist', async () => {
    assert.equal((await revoke(newId('key'))).status, 404);
  });
});

describe('GET /v1/api-keys/self', () => {
  it('returns only six fields to a client key, which is on every phone', async () => {
    const { body } = await self(client_key);
    assert.deepEqual(Object.keys(body), ['id', 'type', 'scopes', 'project_id', 'app_ids', 'expires_at']);
    assert.deepEqual([body.type, body.scopes, body.project_id], ['client', ['events:write'], project_id]);
  });

  it('returns the whole record to other types of keys', async () => {
    for (const as of [key, read_only_key]) {
      const { request_count, ...own } = (await self(as)).body;
      const { request_count: later, ...record } = await get(own.id);
      assert.deepEqual(own, record);
      assert.ok(later >= request_count);
    }
  });
});
