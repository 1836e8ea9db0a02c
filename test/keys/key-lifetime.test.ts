import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DAY_MS, HOUR_MS } from '../../src/lib/durations.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { type Answer, makeClock, makeKey, startTestServer } from '../support/harness.ts';

const clock = makeClock();
const api = await startTestServer({}, { clock });
const { server_key: key, app_id } = api.project;

const get = async (id: string) => (await api.call('GET', `/v1/api-keys/${id}`, { key })).body;
const revoke = (id: string, reason = 'other') =>
  api.call('DELETE', `/v1/api-keys/${id}?reason=${reason}`, { key });
const post = (path: string, as = key) => api.call('POST', `/v1/api-keys/${path}`, { key: as });
const self = (as: string) => api.call('GET', '/v1/api-keys/self', { key: as });
const iso = (ms: number) => new Date(ms).toISOString();

function assertRefused(answer: Answer, status: number, code: string): void {
  assert.deepEqual([answer.status, answer.body.code], [status, code], answer.text);
}

describe('restoring keys', () => {
  it('rejects restoring a key that was reported as leaked, even after another reason', async () => {
    const made = await makeKey(api, { type: 'server' });
    await revoke(made.id, 'unused');
    const { body } = await revoke(made.id, 'leaked');
    assert.equal(body.revoked_reason, 'unused', 'the first reason stays');
    assertRefused(await post(`${made.id}/restore`), 409, 'not_restorable');
    assertRefused(await self(made.key), 401, 'api_key_revoked');
  });

  it('restores a revoked key with all its secrets', async () => {
    const made = await makeKey(api, { type: 'server' });
    const { body: rotated } = await post(`${made.id}/rotate`);
    await revoke(made.id, 'member_left');
    assertRefused(await self(made.key), 401, 'api_key_revoked');
    const answer = await post(`${made.id}/restore`);
    assert.equal(answer.status, 200);
    const { status, revoked_at, revoked_by, revoked_reason } = answer.body;
    assert.deepEqual([status, revoked_at, revoked_by, revoked_reason], ['active', null, null, null]);
    assert.equal((await self(made.key)).status, 200);
    assert.equal((await self(rotated.key)).status, 200);
  });

  it('allows restoring a key for exactly 60 minutes', async () => {
    const [inTime, late] = [await makeKey(api, { type: 'client' }), await makeKey(api, { type: 'client' })];
    await revoke(inTime.id);
    await revoke(late.id);
    clock.advance(HOUR_MS);
    assert.equal((await post(`${inTime.id}/restore`)).status, 200);
    clock.advance(1);
    assertRefused(await post(`${late.id}/restore`), 409, 'not_restorable');
  });

  it('rejects restoring a leaked key or an active one', async () => {
    const leaked = await makeKey(api, { type: 'server' });
    await revoke(leaked.id, 'leaked');
    assertRefused(await post(`${leaked.id}/restore`), 409, 'not_restorable');
    assert.equal((await get(leaked.id)).status, 'revoked');
    const alive = await makeKey(api, { type: 'server' });
    assertRefused(await post(`${alive.id}/restore`), 409, 'not_restorable');
  });
});

describe('keys that report their own leak', () => {
  it('revokes a key that reports itself as leaked immediately, with an empty response', async () => {
    for (const type of ['server', 'read_only']) {
      const made = await makeKey(api, { type });
      const answer = await post('self/revoke', made.key);
      assert.deepEqual([answer.status, answer.text], [204, '']);
      assert.equal(answer.headers.get('content-type'), null);
      assertRefused(await self(made.key), 401, 'api_key_revoked');
      const { revoked_reason, revoked_by } = await get(made.id);
      assert.deepEqual([revoked_reason, revoked_by], ['leaked', made.id]);
      assertRefused(await post(`${made.id}/restore`), 409, 'not_restorable');
    }
  });

  it('requires no scope from a key that reports itself as leaked', async () => {
    const made = await makeKey(api, { type: 'server', scopes: ['apps:read'] });
    assert.equal((await post('self/revoke', made.key)).status, 204);
  });

  it('only records the report of a client key, which is on every phone', async () => {
    const made = await makeKey(api, { type: 'client' });
    const reportedAt = iso(clock.now());
    const answer = await post('self/revoke', made.key);
    assert.equal(answer.status, 202);
    assert.equal(answer.body.id, made.id);
    clock.advance(1_000);
    assert.equal((await post('self/revoke', made.key)).status, 202);
    const record = await get(made.id);
    assert.deepEqual([record.status, record.leak_reported_at], ['active', reportedAt]);
    assert.equal((await self(made.key)).status, 200);
  });
});

describe('filters of the key list', () => {
  const list = (search: string, as = key) => api.call('GET', `/v1/api-keys?limit=200&${search}`, { key: as });
  const idsOf = ({ body }: Answer): string[] => body.data.map(({ id }: { id: string }) => id);

  it('filters keys that expire before an instant', async () => {
    const end = clock.now() + 5 * DAY_MS;
    const ending = await makeKey(api, { type: 'client', expires_at: iso(end) });
    const endless = await makeKey(api, { type: 'client' });
    const after = idsOf(await list(`expires_before=${iso(end + 1)}`));
    assert.ok(after.includes(ending.id) && !after.includes(endless.id));
    assert.ok(!idsOf(await list(`expires_before=${iso(end)}`)).includes(ending.id));
    assertRefused(await list('expires_before=tomorrow'), 422, 'validation_failed');
  });

  it('filters keys by days since their last use or, if unused, since their creation', async () => {
    const never = await makeKey(api, { type: 'server' });
    const used = await makeKey(api, { type: 'server' });
    clock.advance(3 * DAY_MS);
    await self(used.key);
    const found = idsOf(await list('unused_for_days=3'));
    assert.ok(found.includes(never.id) && !found.includes(used.id));
    assert.ok(!idsOf(await list('unused_for_days=4')).includes(never.id));
    clock.advance(3 * DAY_MS);
    assert.ok(idsOf(await list('unused_for_days=3')).includes(used.id));
    for (const days of ['0', '-1', '1.5', 'x']) {
      assertRefused(await list(`unused_for_days=${days}`), 422, 'validation_failed');
    }
  });

  it('filters keys with access to an app, including unrestricted keys', async () => {
    const body = { name: 'Second', platform: 'web' };
    const second = (await api.call('POST', '/v1/apps', { key, body })).body.id;
    const whole = await makeKey(api, { type: 'client' });
    const first = await makeKey(api, { type: 'client', app_ids: [app_id] });
    const both = await makeKey(api, { type: 'client', app_ids: [app_id, second] });
    const ids = idsOf(await list(`app_id=${second}`));
    assert.deepEqual(
      [whole, first, both].map(({ id }) => ids.includes(id)),
      [true, false, true],
    );
    assert.ok(idsOf(await list('')).includes(first.id));
    const combined = await list(`app_id=${second}&type=client&status=active`);
    assert.ok(idsOf(combined).includes(both.id));
  });
});

describe('audit entries of keys', () => {
  it('records every change of a key with its actor and diff, and never a secret', async () => {
    const services = await openControlServices(api.config, clock);
    const made = await makeKey(api, { type: 'client' });
    const path = `/v1/api-keys/${made.id}`;
    await api.call('PATCH', path, { key, body: { name: 'Renamed', metadata: { a: 'b' } } });
    await api.call('PATCH', path, { key, body: { disabled: true } });
    await api.call('PATCH', path, { key, body: { disabled: false } });
    const rotated = await post(`${made.id}/rotate`);
    await post(`${made.id}/end-grace`);
    await post('self/revoke', rotated.body.key);
    await post('self/revoke', rotated.body.key);
    await revoke(made.id, 'unused');
    await revoke(made.id, 'leaked');
    await post(`${made.id}/restore`);
    const rows = await services.control.db
      .selectFrom('audit_log')
      .selectAll()
      .where('target', '=', made.id)
      .orderBy('seq')
      .execute();
    assert.deepEqual(
      rows.map(({ action }) => action.replace('api_key.', '')),
      [
        'created',
        'updated',
        'disabled',
        'updated',
        'rotated',
        'grace_ended',
        'leak_reported',
        'revoked',
        'restored',
      ],
    );
    const caller = (await self(key)).body.id;
    for (const row of rows) {
      assert.equal(row.actor_id, row.action === 'api_key.leak_reported' ? made.id : caller);
      assert.equal(row.project_id, api.project.project_id);
      assert.ok(row.ip && row.request_id);
    }
    assert.deepEqual(JSON.parse(rows[1]?.diff ?? ''), {
      name: ['Test', 'Renamed'],
      metadata: [{}, { a: 'b' }],
    });
    for (const secret of [made.key, rotated.body.key]) {
      assert.ok(!JSON.stringify(rows).includes(secret.slice(7, 50)));
    }
    await services.close();
  });
});
