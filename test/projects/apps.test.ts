import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DAY_MS } from '../../src/lib/durations.ts';
import { newId } from '../../src/lib/id.ts';
import { type Answer, initProject, makeClock, makeKey, startTestServer } from '../support/harness.ts';

const clock = makeClock();
const api = await startTestServer({}, { clock });
const { server_key: key } = api.project;

const create = (body: unknown, as = key) => api.call('POST', '/v1/apps', { key: as, body });
const get = (id: string, as = key) => api.call('GET', `/v1/apps/${id}`, { key: as });
const patch = (id: string, body: unknown, as = key) => api.call('PATCH', `/v1/apps/${id}`, { key: as, body });
const remove = (id: string, as = key) => api.call('DELETE', `/v1/apps/${id}`, { key: as });
const list = (search = '', as = key) => api.call('GET', `/v1/apps${search}`, { key: as });
const newApp = async (fields = {}) =>
  (await create({ name: 'App', platform: 'ios', ...fields })).body.id as string;
const idsOf = ({ body }: Answer): string[] => body.data.map(({ id }: { id: string }) => id);
const isoNow = () => new Date(clock.now()).toISOString();

function assertRefused({ status, body, text }: Answer, expected: number, code: string): void {
  assert.deepEqual([status, body.code], [expected, code], text);
}

describe('apps', () => {
  it('creates an app with default values and returns the same app later', async () => {
    const made = await create({ name: ' Notes ', platform: 'android' });
    assert.equal(made.status, 201);
    const { id, created_at, ...rest } = made.body;
    assert.match(id, /^app_[0-9A-Z]{26}$/);
    assert.deepEqual(rest, {
      project_id: api.project.project_id,
      name: 'Notes',
      platform: 'android',
      bundle_id: null,
      timezone: 'UTC',
      currency: 'USD',
      updated_at: created_at,
      deleted_at: null,
    });
    assert.deepEqual((await get(id)).body, made.body);
  });

  it('accepts only IANA time zones and ISO currencies', async () => {
    const good = { timezone: 'America/St_Johns', currency: 'JPY', bundle_id: 'com.example.notes' };
    const { body } = await create({ name: 'N', platform: 'web', ...good });
    assert.deepEqual({ timezone: body.timezone, currency: body.currency, bundle_id: body.bundle_id }, good);
    for (const [field, values] of Object.entries({
      timezone: ['Mars/Olympus', '+05:30', '', 5, null, 'UTC\0', '../etc/localtime'],
      currency: ['usd', 'EURO', 'XYZ', '', null],
      platform: ['windows', '', null, ['ios']],
      name: ['', '  ', 'n'.repeat(101), null],
      bundle_id: ['', 'b'.repeat(201), 5],
    })) {
      for (const value of values) {
        const answer = await create({ name: 'N', platform: 'web', [field]: value });
        assertRefused(answer, 422, 'validation_failed');
        assert.equal(answer.body.errors[0].field, field);
      }
    }
  });

  it('changes only the fields that are sent', async () => {
    const id = await newApp({ bundle_id: 'com.example', timezone: 'Europe/Berlin' });
    const before = (await get(id)).body;
    clock.advance(1_000);
    const changed = await patch(id, { name: 'Renamed', currency: 'EUR' });
    assert.equal(changed.status, 200);
    const expected = { ...before, name: 'Renamed', currency: 'EUR', updated_at: isoNow() };
    assert.deepEqual(changed.body, expected);
    assert.deepEqual((await get(id)).body, expected);
    assert.equal((await patch(id, { bundle_id: null })).body.bundle_id, null);
  });

  it('rejects an empty, misspelled or invalid change of an app', async () => {
    const id = await newApp();
    const before = (await get(id)).body;
    for (const body of [
      {},
      { nmae: 'x' },
      { timezone: 'Nowhere' },
      { name: 'x', currency: 'x' },
      { deleted: true },
    ]) {
      assertRefused(await patch(id, body), 422, 'validation_failed');
    }
    assert.deepEqual((await get(id)).body, before);
  });

  it('lists apps newest first, in pages', async () => {
    const there = (await initProject(api.config)).server_key;
    for (let index = 0; index < 4; index += 1) await create({ name: `A${index}`, platform: 'ios' }, there);
    const first = await list('?limit=3', there);
    const second = await list(`?limit=3&cursor=${first.body.next_cursor}`, there);
    const ids = [...idsOf(first), ...idsOf(second)];
    assert.deepEqual([ids.length, second.body.next_cursor], [5, null]);
    assert.deepEqual(ids, ids.toSorted().reverse());
  });
});

describe('deleted apps', () => {
  const events = [{ event_name: 'opened', app_user_id: 'u1' }];

  it('rejects batches for a deleted app with 404, and single events for it individually', async () => {
    const [gone, kept] = [await newApp(), await newApp()];
    await remove(gone);
    const batch = await api.call('POST', '/v1/events', { key, body: { app_id: gone, events } });
    assertRefused(batch, 404, 'not_found');
    const missing = await api.call('POST', '/v1/events', { key, body: { app_id: newId('app'), events } });
    assert.equal(batch.body.detail, missing.body.detail);
    const single = await api.call('POST', '/v1/events', {
      key,
      body: { app_id: kept, events: [...events, { ...events[0], app_id: gone }] },
    });
    assert.deepEqual([single.status, single.body.accepted], [200, 1]);
    assert.deepEqual(
      single.body.rejected.map(({ index, code }: Record<string, unknown>) => [index, code]),
      [[1, 'app_not_found']],
    );
  });

  it('hides the events and analytics of a deleted app until it is restored', async () => {
    const id = await newApp();
    await api.call('POST', '/v1/events', { key, body: { app_id: id, events } });
    const search = () => api.call('GET', `/v1/events?app_id=${id}`, { key });
    const all = async () => (await api.call('GET', '/v1/events', { key })).text;
    assert.equal((await search()).body.data.length, 1);
    await remove(id);
    assertRefused(await search(), 404, 'not_found');
    assertRefused(
      await api.call('GET', `/v1/analytics/daily?app_id=${id}&days=7`, { key }),
      404,
      'not_found',
    );
    assert.ok(!(await all()).includes(id));
    assert.equal((await patch(id, { deleted: false })).status, 200);
    assert.equal((await search()).body.data.length, 1);
    assert.equal((await api.call('POST', '/v1/events', { key, body: { app_id: id, events } })).status, 200);
  });

  it('ignores deleted apps when a request without app_id selects the only app', async () => {
    const there = await initProject(api.config);
    const second = await create({ name: 'Second', platform: 'web' }, there.server_key);
    const send = () => api.call('POST', '/v1/events', { key: there.client_key, body: { events } });
    assertRefused(await send(), 422, 'app_required');
    await remove(there.app_id, there.server_key);
    assert.equal((await send()).body.accepted, 1);
    await remove(second.body.id, there.server_key);
    assertRefused(await send(), 422, 'app_required');
  });

  it('returns deleted apps by id and in a separate list, and keeps the first deletion time', async () => {
    const id = await newApp();
    const deleted = await remove(id);
    assert.deepEqual([deleted.status, deleted.body.deleted_at], [200, isoNow()]);
    clock.advance(DAY_MS);
    assert.deepEqual((await remove(id)).body, deleted.body);
    assert.deepEqual((await get(id)).body, deleted.body);
    assert.ok(!idsOf(await list('?limit=200')).includes(id));
    assert.ok(idsOf(await list('?deleted=true&limit=200')).includes(id));
  });

  it('rejects a change of a deleted app unless it restores the app', async () => {
    const id = await newApp();
    await remove(id);
    assertRefused(await patch(id, { name: 'x' }), 409, 'conflict');
    const restored = await patch(id, { name: 'Back', deleted: false });
    assert.deepEqual([restored.status, restored.body.name, restored.body.deleted_at], [200, 'Back', null]);
  });

  it('restores a deleted app until the last millisecond of 30 days', async () => {
    const [early, late] = [await newApp(), await newApp()];
    await remove(early);
    await remove(late);
    clock.advance(30 * DAY_MS - 1);
    assert.ok(idsOf(await list('?deleted=true&limit=200')).includes(late));
    assert.equal((await patch(early, { deleted: false })).status, 200);
    clock.advance(1);
    assertRefused(await patch(late, { deleted: false }), 409, 'conflict');
    assertRefused(await patch(late, { name: 'x' }), 409, 'conflict');
    assert.ok(!idsOf(await list('?deleted=true&limit=200')).includes(late));
    assert.ok(!idsOf(await list('?limit=200')).includes(late));
  });

  it('rejects a new key restricted to a deleted app', async () => {
    const id = await newApp();
    await remove(id);
    const body = { name: 'x', type: 'client', app_ids: [id] };
    assertRefused(await api.call('POST', '/v1/api-keys', { key, body }), 404, 'not_found');
  });
});

describe('keys restricted to one app', () => {
  it('lets a restricted key read, change, delete and restore its app, but create no other', async () => {
    const id = await newApp();
    const { key: restricted } = await makeKey(api, { type: 'server', app_ids: [id] });
    assert.equal((await get(id, restricted)).status, 200);
    assert.equal((await patch(id, { name: 'Mine' }, restricted)).body.name, 'Mine');
    assert.equal((await remove(id, restricted)).status, 200);
    assert.deepEqual(idsOf(await list('?deleted=true', restricted)), [id]);
    assert.deepEqual(idsOf(await list('', restricted)), []);
    assert.equal((await patch(id, { deleted: false }, restricted)).status, 200);
    assertRefused(await create({ name: 'x', platform: 'ios' }, restricted), 403, 'app_not_allowed');
  });

  it('accepts events from a restricted key for its app only, with or without app_id', async () => {
    const [id, other] = [await newApp(), await newApp()];
    const { key: restricted } = await makeKey(api, { type: 'client', app_ids: [id] });
    const event = { event_name: 'opened', app_user_id: 'u1' };
    const send = (body: unknown) => api.call('POST', '/v1/events', { key: restricted, body });
    assert.equal((await send({ events: [event] })).body.accepted, 1);
    assertRefused(await send({ app_id: other, events: [event] }), 403, 'app_not_allowed');
    const mixed = await send({ events: [event, { ...event, app_id: other }] });
    assert.deepEqual([mixed.body.accepted, mixed.body.rejected[0].code], [1, 'app_not_allowed']);
  });
});
