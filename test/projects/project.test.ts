import assert from 'node:assert/strict';
import { it } from 'node:test';
import { initProject, makeClock, makeKey, startTestServer } from '../support/harness.ts';

const clock = makeClock();
const api = await startTestServer({}, { clock });
const { server_key: key, read_only_key, project_id } = api.project;

const get = async (as = key) => (await api.call('GET', '/v1/project', { key: as })).body;
const patch = (body: unknown, as = key) => api.call('PATCH', '/v1/project', { key: as, body });

it('returns the project of the key with its default settings', async () => {
  const { created_at, updated_at, ...rest } = await get(read_only_key);
  assert.deepEqual(rest, {
    id: project_id,
    name: 'Test',
    max_key_lifetime_days: null,
    count_unverified_revenue: true,
    leaked_key_policy: 'revoke',
    rate_limits: null,
    retention_days: null,
  });
  assert.equal(created_at, updated_at);
});

it('changes only the fields that are sent, and no other project', async () => {
  const other = await initProject(api.config);
  const [mine, theirs] = [await get(), await get(other.server_key)];
  clock.advance(1_000);
  for (const change of [
    { name: 'Renamed' },
    { max_key_lifetime_days: 365 },
    { max_key_lifetime_days: null },
    { count_unverified_revenue: false },
    { leaked_key_policy: 15 },
    { rate_limits: { management: { requests: { rate: 500, burst: 900 } } } },
    { rate_limits: null },
    { retention_days: 90 },
    { retention_days: null },
    { leaked_key_policy: 'revoke', count_unverified_revenue: true },
  ]) {
    const { status, body } = await patch(change);
    assert.equal(status, 200);
    Object.assign(mine, change, { updated_at: new Date(clock.now()).toISOString() });
    assert.deepEqual(body, mine);
    assert.deepEqual(await get(), mine);
  }
  assert.deepEqual(await get(other.server_key), theirs);
});

it('accepts values at the limits and names the field of values beyond them', async () => {
  const before = await get();
  for (const [field, good, bad] of [
    ['max_key_lifetime_days', [1, 3_650], [0, -1, 1.5, 3_651, '10', true]],
    ['leaked_key_policy', [1, 10_080, 'revoke'], [0, 10_081, 1.5, 'disable', null]],
    ['retention_days', [1, 36_500], [0, -1, 1.5, 36_501, '10', true]],
    ['name', ['n', 'n'.repeat(100)], ['', ' ', 'n'.repeat(101), null, 5]],
    ['count_unverified_revenue', [true, false], [0, 'true', null]],
  ] as const) {
    for (const value of good) assert.equal((await patch({ [field]: value })).body[field], value);
    for (const value of bad) {
      const { status, body } = await patch({ [field]: value });
      assert.equal(status, 422, `${field} ${value}`);
      assert.equal(body.errors[0].field, field);
      assert.ok(!body.errors[0].message.includes('constant'), body.errors[0].message);
    }
  }
  const { name, max_key_lifetime_days, count_unverified_revenue, leaked_key_policy } = before;
  await patch({ name, max_key_lifetime_days, count_unverified_revenue, leaked_key_policy });
});

it('rejects an empty or misspelled change of a project', async () => {
  const before = await get();
  for (const body of [{}, { id: 'proj_x' }, { name: 'x', max_key_lifetime: 5 }]) {
    assert.equal((await patch(body)).status, 422);
  }
  assert.deepEqual(await get(), before);
});

it('keeps the expiry of existing keys when the project limits key lifetimes later', async () => {
  const endless = await makeKey(api, { type: 'server' });
  await patch({ max_key_lifetime_days: 1 });
  const self = await api.call('GET', '/v1/api-keys/self', { key: endless.key });
  assert.deepEqual([self.status, self.body.expires_at], [200, null]);
  const body = { name: 'x', type: 'client' };
  assert.equal((await api.call('POST', '/v1/api-keys', { key, body })).body.errors[0].field, 'expires_at');
  await patch({ max_key_lifetime_days: null });
});

it('rejects changes of the project by a key restricted to some apps', async () => {
  const restricted = await makeKey(api, { type: 'server', app_ids: [api.project.app_id] });
  const { status, body } = await patch({ name: 'Mine' }, restricted.key);
  assert.deepEqual([status, body.code], [403, 'app_not_allowed']);
  assert.equal((await get(restricted.key)).id, project_id);
});
