import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DAY_MS } from '../../src/lib/durations.ts';
import { type Answer, initProject, makeClock, makeKey, startTestServer } from '../support/harness.ts';

const clock = makeClock();
const api = await startTestServer({}, { clock });
const { server_key: root, app_id: firstApp } = api.project;
const other = { ...api, project: await initProject(api.config) };
const second = await api.call('POST', '/v1/apps', { key: root, body: { name: 'Second', platform: 'web' } });
const secondApp: string = second.body.id;

type Fields = Record<string, unknown>;

const at = (ms: number) => new Date(clock.now() + ms).toISOString();
const SCOPES = ['keys:write', 'keys:read', 'apps:read', 'events:write'];
const rate = (perSecond: number, burst: number) => ({ management: { requests: { rate: perSecond, burst } } });

/**
 * The fields of a caller, of a target that exceeds them only in this permission, and of one that does not (`within`).
 */
const DIMENSIONS: { name: string; caller: Fields; wide: Fields; within: Fields; code?: string }[] = [
  {
    name: 'wider scopes',
    caller: { scopes: SCOPES },
    wide: { scopes: [...SCOPES, 'project:write'] },
    within: { scopes: ['apps:read'] },
  },
  { name: 'all scopes', caller: { scopes: SCOPES }, wide: { scopes: null }, within: { scopes: SCOPES } },
  {
    name: 'a later expiry',
    caller: { expires_at: at(20 * DAY_MS) },
    wide: { expires_at: at(20 * DAY_MS + 1) },
    within: { expires_at: at(20 * DAY_MS) },
  },
  {
    name: 'no expiry',
    caller: { expires_at: at(20 * DAY_MS) },
    wide: { expires_at: null },
    within: { expires_at: at(DAY_MS) },
  },
  {
    name: 'more apps',
    caller: { app_ids: [firstApp] },
    wide: { app_ids: [firstApp, secondApp] },
    within: { app_ids: [firstApp] },
    code: 'app_not_allowed',
  },
  {
    name: 'all apps',
    caller: { app_ids: [firstApp] },
    wide: { app_ids: null },
    within: { app_ids: [firstApp] },
    code: 'app_not_allowed',
  },
  {
    name: 'more IP addresses',
    caller: { ip_allowlist: ['127.0.0.0/8', '::1'] },
    wide: { ip_allowlist: ['127.0.0.0/8', '10.0.0.1'] },
    within: { ip_allowlist: ['127.0.0.1'] },
  },
  {
    name: 'any IP address',
    caller: { ip_allowlist: ['127.0.0.0/8', '::1'] },
    wide: { ip_allowlist: [] },
    within: { ip_allowlist: ['::1'] },
  },
  {
    name: 'higher limits than the caller has',
    caller: { scopes: SCOPES, rate_limits: rate(5, 20) },
    wide: { scopes: SCOPES, rate_limits: rate(5, 21) },
    within: { scopes: SCOPES, rate_limits: rate(5, 20) },
  },
  {
    name: 'the default limits, which are higher than the caller has',
    caller: { scopes: SCOPES, rate_limits: rate(5, 20) },
    wide: { scopes: SCOPES, rate_limits: null },
    within: { scopes: SCOPES, rate_limits: rate(1, 1) },
  },
  {
    name: 'limits above the default that applies to the caller',
    caller: { scopes: SCOPES },
    wide: { scopes: SCOPES, rate_limits: rate(11, 60) },
    within: { scopes: SCOPES, rate_limits: rate(10, 60) },
  },
];

const LIMITS: [part: string, own: Fields, more: Fields][] = [
  ['events.requests', { requests: { rate: 5, burst: 20 } }, { requests: { rate: 5, burst: 21 } }],
  ['events.events', { events: { rate: 5, burst: 1_000 } }, { events: { rate: 5, burst: 1_001 } }],
  ['analytics.requests', { requests: { rate: 1, burst: 2 } }, { requests: { rate: 1.5, burst: 2 } }],
  ['analytics.in_flight', { in_flight: 2 }, { in_flight: 3 }],
];
for (const [part, own, more] of LIMITS) {
  const [category = ''] = part.split('.');
  const rates = (limits: Fields) => ({ scopes: SCOPES, rate_limits: { [category]: limits } });
  DIMENSIONS.push({
    name: `a higher limit than the caller has, ${part}`,
    caller: rates(own),
    wide: rates(more),
    within: rates(own),
  });
}

const post = (path: string, key: string, body?: unknown) =>
  api.call('POST', `/v1/api-keys${path}`, body === undefined ? { key } : { key, body });
const patch = (id: string, key: string, body: unknown) =>
  api.call('PATCH', `/v1/api-keys/${id}`, { key, body });
const recordOf = async (id: string) => {
  const { last_used_at, last_used_ip, request_count, ...record } = (
    await api.call('GET', `/v1/api-keys/${id}`, { key: root })
  ).body;
  return record;
};

function assertRefused(answer: Answer, status: number, code: string): void {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.body.code, code, answer.text);
  assert.ok(!answer.text.includes('"key"'));
}

for (const { name, caller: fields, wide, within, code = 'exceeds_own_permissions' } of DIMENSIONS) {
  describe(`privilege escalation to ${name}`, async () => {
    const caller = await makeKey(api, { type: 'server', ...fields });
    // In all other permissions the target is as restricted as the caller.
    const wideFields = { type: 'server', ...fields, ...wide };
    const inside = { type: 'server', ...fields, ...within };
    const refused = async (id: string, answer: Answer, expected = code) => {
      assertRefused(answer, 403, expected);
      return recordOf(id);
    };

    it(`rejects creating a key with ${name}`, async () => {
      const { body: before } = await api.call('GET', '/v1/api-keys?limit=200', { key: root });
      const answer = await post('', caller.key, { name: 'x', ...wideFields });
      assertRefused(answer, 403, 'exceeds_own_permissions');
      const { body: after } = await api.call('GET', '/v1/api-keys?limit=200', { key: root });
      assert.equal(after.data.length, before.data.length);
      assert.equal((await post('', caller.key, { name: 'x', ...inside })).status, 201);
    });

    it(`rejects changing the calling key itself to ${name}`, async () => {
      const before = await recordOf(caller.id);
      assertRefused(await patch(caller.id, caller.key, wide), 403, 'exceeds_own_permissions');
      assert.deepEqual(await recordOf(caller.id), before);
    });

    it(`rejects changing a key within its permissions to ${name}`, async () => {
      const target = await makeKey(api, inside);
      const before = await recordOf(target.id);
      assertRefused(await patch(target.id, caller.key, wide), 403, 'exceeds_own_permissions');
      assert.deepEqual(await recordOf(target.id), before);
      assert.equal((await patch(target.id, caller.key, { name: 'Changed' })).status, 200);
    });

    it(`rejects changing, restricting, enabling, rotating or restoring a key with ${name}`, async () => {
      const target = await makeKey(api, { ...wideFields, disabled: true });
      const before = await recordOf(target.id);
      for (const body of [{ name: 'Mine' }, within, { disabled: false }, { disabled: true, name: 'Mine' }]) {
        assert.deepEqual(await refused(target.id, await patch(target.id, caller.key, body)), before);
      }
      const rotated = await post(`/${target.id}/rotate`, caller.key, {});
      assert.deepEqual(await refused(target.id, rotated), before);
      await api.call('DELETE', `/v1/api-keys/${target.id}`, { key: root });
      const revoked = await recordOf(target.id);
      const restored = await post(`/${target.id}/restore`, caller.key);
      assert.deepEqual(await refused(target.id, restored), revoked);
    });

    it(`allows disabling and revoking a key with ${name}, unless it has other apps`, async () => {
      const target = await makeKey(api, wideFields);
      const off = await patch(target.id, caller.key, { disabled: true });
      const gone = await api.call('DELETE', `/v1/api-keys/${target.id}`, { key: caller.key });
      if (code === 'app_not_allowed') {
        assertRefused(off, 403, code);
        assertRefused(gone, 403, code);
      } else {
        assert.deepEqual([off.status, off.body.status], [200, 'disabled'], off.text);
        assert.deepEqual([gone.status, gone.body.status], [200, 'revoked'], gone.text);
      }
    });

    it(`allows rotating and restoring a key that does not exceed the caller, compared to ${name}`, async () => {
      const target = await makeKey(api, inside);
      assert.equal((await post(`/${target.id}/rotate`, caller.key, {})).status, 200);
      await api.call('DELETE', `/v1/api-keys/${target.id}`, { key: caller.key });
      assert.equal((await post(`/${target.id}/restore`, caller.key)).status, 200);
    });
  });
}

describe('keys of other projects', () => {
  it('returns 404 from every verb for a key or app in another project', async () => {
    const theirs = await makeKey(other, { type: 'client' });
    const missing = 'key_01K9ZV0Q6T4M8XJ2R5C7N3B1WD';
    for (const id of [theirs.id, missing]) {
      assertRefused(await patch(id, root, { name: 'Mine' }), 404, 'not_found');
      assertRefused(await patch(id, root, { disabled: true }), 404, 'not_found');
      for (const verb of ['rotate', 'end-grace', 'restore']) {
        assertRefused(await post(`/${id}/${verb}`, root), 404, 'not_found');
      }
      assertRefused(await api.call('DELETE', `/v1/api-keys/${id}`, { key: root }), 404, 'not_found');
    }
    const inTheirs = { name: 'x', type: 'client', project_id: other.project.project_id };
    assertRefused(await post('', root, inTheirs), 404, 'not_found');
    const theirApp = { app_ids: [other.project.app_id] };
    assertRefused(await post('', root, { name: 'x', type: 'client', ...theirApp }), 404, 'not_found');
    const mine = await makeKey(api, { type: 'client' });
    assertRefused(await patch(mine.id, root, theirApp), 404, 'not_found');
    assert.equal((await recordOf(mine.id)).app_ids, null);
  });
});

describe('limits granted with project:write', () => {
  it('allows a caller with project:write to set limits above its own and above the defaults', async () => {
    const scopes = [...SCOPES, 'project:write'];
    const caller = await makeKey(api, { type: 'server', scopes, rate_limits: rate(1, 1) });
    const body = { name: 'x', type: 'server', scopes, rate_limits: rate(1_000, 5_000) };
    assert.equal((await post('', caller.key, body)).status, 201);
    assert.equal((await patch(caller.id, caller.key, { rate_limits: rate(1_000, 5_000) })).status, 200);
  });
});

describe('a key with limits above the default', async () => {
  const caller = await makeKey(api, { type: 'server', scopes: SCOPES, rate_limits: rate(20, 200) });
  const server = { name: 'x', type: 'server', scopes: SCOPES };

  it("rejects creating or changing keys with limits above the default, even if the caller's own are higher", async () => {
    const limits = [rate(10.5, 60), rate(10, 61), rate(20, 200)];
    const target = await makeKey(api, server);
    for (const rate_limits of limits) {
      assertRefused(await post('', caller.key, { ...server, rate_limits }), 403, 'exceeds_own_permissions');
      const raised = await patch(target.id, caller.key, { rate_limits });
      assertRefused(raised, 403, 'exceeds_own_permissions');
    }
    assert.equal((await post('', caller.key, { ...server, rate_limits: rate(10, 60) })).status, 201);
    assert.equal((await patch(target.id, caller.key, { rate_limits: rate(10, 60) })).status, 200);
  });

  it('allows changing keys with the same limits as the caller, and lowering them', async () => {
    const target = await makeKey(api, { ...server, rate_limits: rate(20, 200) });
    assert.equal((await patch(target.id, caller.key, { name: 'Mine' })).status, 200);
    assert.equal((await post(`/${target.id}/rotate`, caller.key, {})).status, 200);
    assert.equal((await patch(target.id, caller.key, { rate_limits: rate(20, 199) })).status, 200);
    assertRefused(
      await patch(target.id, caller.key, { rate_limits: rate(20, 200) }),
      403,
      'exceeds_own_permissions',
    );
    assert.equal((await patch(caller.id, caller.key, { name: 'Myself' })).status, 200);
  });
});

describe('client keys and their creators', () => {
  it('allows a key with an expiry and an IP allowlist to create and manage unrestricted client keys', async () => {
    const caller = await makeKey(api, {
      type: 'server',
      ip_allowlist: ['127.0.0.1', '::1'],
      expires_at: at(DAY_MS),
    });
    const made = await post('', caller.key, { name: 'Phones', type: 'client' });
    assert.equal(made.status, 201);
    const { id } = made.body;
    assert.equal((await patch(id, caller.key, { name: 'Tablets' })).status, 200);
    assert.equal((await post(`/${id}/rotate`, caller.key)).status, 200);
  });

  it('prevents client keys from outliving their creator if the project limits key lifetimes', async () => {
    const end = at(DAY_MS);
    const caller = await makeKey(api, { type: 'server', expires_at: end });
    const limit = (max_key_lifetime_days: number | null) =>
      api.call('PATCH', '/v1/project', { key: root, body: { max_key_lifetime_days } });
    await limit(10);
    const make = (expires_at: string) => post('', caller.key, { name: 'Phones', type: 'client', expires_at });
    assertRefused(await make(at(DAY_MS + 1)), 403, 'exceeds_own_permissions');
    const made = await make(end);
    assert.equal(made.status, 201, made.text);
    const later = await patch(made.body.id, caller.key, { expires_at: at(DAY_MS + 1) });
    assertRefused(later, 403, 'exceeds_own_permissions');
    await limit(null);
    assert.equal((await make(at(DAY_MS + 1))).status, 201);
  });
});
