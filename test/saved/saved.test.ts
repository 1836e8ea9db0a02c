import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CAPS } from '../../src/api/caps.ts';
import { join, setUp } from '../support/browser.ts';
import { copyRow } from '../support/copy-row.ts';
import { type Answer, initProject, makeClock, makeKey, startTestServer } from '../support/harness.ts';

const clock = makeClock();
const api = await startTestServer({}, { clock });
const { server_key: key, project_id, app_id } = api.project;
const owner = await setUp(api.url, api.server.setupUrl);
// Later than the entries of the project's creation, which has the real clock.
clock.advance(60_000);
const isoNow = () => new Date(clock.now()).toISOString();

const RELEASE = { date: '2026-11-22', text: 'Version 2.4' };
const VIEW = { page: 'events', name: 'Germany', search: 'range=30d&country=DE' };

const FUNNEL = {
  name: 'Sales',
  definition: { steps: [{ event_name: 'trial_started' }, { event_name: 'purchase_complete' }] },
};

const KINDS = [
  { path: '/v1/annotations', body: RELEASE, kind: 'annotation', cap: CAPS.annotationsPerProject },
  { path: '/v1/views', body: VIEW, kind: 'view', cap: CAPS.viewsPerProject },
  { path: '/v1/funnels', body: FUNNEL, kind: 'funnel', cap: CAPS.funnelsPerProject },
];

const post = (path: string, body: unknown, as = key, headers = {}) =>
  api.call('POST', path, { key: as, body, headers });
const list = async (path: string, as = key) => (await api.call('GET', path, { key: as })).body.data;
const remove = (path: string, id: string, as = key) => api.call('DELETE', `${path}/${id}`, { key: as });

function assertRefused({ status, body, text }: Answer, expected: number, code: string): void {
  assert.deepEqual([status, body.code], [expected, code], text);
}

async function lastAudit() {
  const { action, target, diff } = (await api.call('GET', '/v1/audit-log?limit=1', { key })).body.data[0];
  return { action, target, diff };
}

for (const { path, body, kind, cap } of KINDS) {
  describe(path, () => {
    it('saves, lists and deletes, each with an audit entry', async () => {
      const made = await post(path, body);
      assert.equal(made.status, 201, made.text);
      const { id, ...rest } = made.body;
      const times = kind !== 'annotation' ? { updated_at: isoNow() } : {};
      assert.deepEqual(rest, { ...body, created_at: isoNow(), ...times });
      const entries = Object.entries(body);
      const added = Object.fromEntries(entries.map(([name, value]) => [name, [null, value]]));
      assert.deepEqual(await lastAudit(), { action: `${kind}.created`, target: id, diff: added });
      assert.deepEqual((await list(path)).at(-1), made.body);
      const gone = await remove(path, id);
      assert.deepEqual([gone.status, gone.body], [200, made.body]);
      const removed = Object.fromEntries(entries.map(([name, value]) => [name, [value, null]]));
      assert.deepEqual(await lastAudit(), { action: `${kind}.deleted`, target: id, diff: removed });
      assert.deepEqual(await list(path), []);
      assertRefused(await remove(path, id), 404, 'not_found');
    });

    it('does a request with the same Idempotency-Key once, and not again after what it saved is deleted', async () => {
      const once = () => post(path, body, key, { 'idempotency-key': `once-${kind}` });
      const first = await once();
      assert.deepEqual((await once()).body, first.body);
      assert.equal((await list(path)).length, 1);
      await remove(path, first.body.id);
      assertRefused(await once(), 409, 'conflict');
    });

    it('is visible in its own project only', async () => {
      const other = await initProject(api.config);
      const { id } = (await post(path, body)).body;
      assert.deepEqual(await list(path, other.server_key), []);
      assertRefused(await remove(path, id, other.server_key), 404, 'not_found');
      if (kind !== 'annotation') {
        const options = { key: other.server_key, body: { name: 'Stolen' } };
        assertRefused(await api.call('PATCH', `${path}/${id}`, options), 404, 'not_found');
      }
      const { id: foreign } = (await post(path, body, other.server_key)).body;
      assertRefused(await remove(path, foreign), 404, 'not_found');
      assert.deepEqual((await remove(path, id)).status, 200);
    });

    it('is written by developers and server keys, and only read by analysts, read-only and restricted keys', async () => {
      const developer = await join(owner, project_id, 'developer', `Developer-${kind}`);
      const analyst = await join(owner, project_id, 'analyst', `Analyst-${kind}`);
      const here = `/app/v1/projects/${project_id}${path.slice('/v1'.length)}`;
      const saved = await developer.call('POST', here, { body });
      assert.equal(saved.status, 201, saved.text);
      assertRefused(await analyst.call('POST', here, { body }), 403, 'insufficient_scope');
      assertRefused(await analyst.call('DELETE', `${here}/${saved.body.id}`), 403, 'insufficient_scope');
      const readOnly = await makeKey(api, { type: 'read_only' });
      const restricted = await makeKey(api, { type: 'server', app_ids: [app_id] });
      assertRefused(await post(path, body, readOnly.key), 403, 'insufficient_scope');
      assertRefused(await post(path, body, restricted.key), 403, 'app_not_allowed');
      assertRefused(await remove(path, saved.body.id, restricted.key), 403, 'app_not_allowed');
      assert.deepEqual((await analyst.call('GET', here)).body.data, [saved.body]);
      for (const reader of [readOnly.key, restricted.key])
        assert.deepEqual(await list(path, reader), [saved.body]);
      assert.equal((await developer.call('DELETE', `${here}/${saved.body.id}`)).status, 200);
    });

    it(`keeps at most ${cap} per project`, async () => {
      const { id } = (await post(path, body)).body;
      await copyRow(api.config, 'saved_items', id, cap - 2, { id: `'${kind}_copy_' || i` });
      assert.equal((await post(path, body)).status, 201);
      assertRefused(await post(path, body), 409, 'limit_reached');
      assert.equal((await list(path)).length, cap);
      await remove(path, id);
      assert.equal((await post(path, body)).status, 201);
    });
  });
}

it('keeps annotations of real days with a text, trimmed', async () => {
  for (const [field, good, bad] of [
    ['date', ['2024-02-29', '1999-12-31'], ['2026-02-30', '2026-11-22T00:00:00Z', '', 5]],
    ['text', ['x', 'y'.repeat(120), ' 🚀 '], ['', '  ', 'y'.repeat(121), null, `key ${key}`]],
  ] as const) {
    for (const value of bad) {
      const { status, body } = await post('/v1/annotations', { ...RELEASE, [field]: value });
      assert.deepEqual([status, body.errors?.[0].field], [422, field], String(value).slice(0, 20));
    }
    for (const value of good) {
      const oldest = (await list('/v1/annotations'))[0].id;
      await remove('/v1/annotations', oldest);
      const { status, body } = await post('/v1/annotations', { ...RELEASE, [field]: value });
      assert.deepEqual([status, body[field]], [201, value.trim()]);
    }
  }
});

it('keeps views of pages that exist, with a name and a search of up to 4,000 characters', async () => {
  for (const [field, value] of [
    ['page', 'live'],
    ['name', ''],
    ['name', 'n'.repeat(101)],
    ['search', 's'.repeat(4_001)],
    ['search', `q=${key}`],
  ] as const) {
    const { status, body } = await post('/v1/views', { ...VIEW, [field]: value });
    assert.deepEqual([status, body.errors?.[0].field], [422, field]);
  }
  const oldest = (await list('/v1/views'))[0].id;
  await remove('/v1/views', oldest);
  const longest = { page: 'overview', name: 'n'.repeat(100), search: 's'.repeat(4_000) };
  assert.equal((await post('/v1/views', longest)).status, 201);
});

it('changes only the sent fields of a view, and logs what changed', async () => {
  const { id, ...before } = (await list('/v1/views'))[0];
  const patch = (body: unknown) => api.call('PATCH', `/v1/views/${id}`, { key, body });
  clock.advance(1_000);
  const changed = await patch({ name: ' Austria ' });
  assert.deepEqual(changed.body, { id, ...before, name: 'Austria', updated_at: isoNow() });
  const diff = { name: [before.name, 'Austria'] };
  assert.deepEqual(await lastAudit(), { action: 'view.updated', target: id, diff });
  clock.advance(1_000);
  assert.deepEqual((await patch({ name: 'Austria' })).body, changed.body);
  assert.deepEqual((await lastAudit()).diff, diff);
  assertRefused(await patch({}), 422, 'validation_failed');
  assertRefused(await patch({ page: 'overview' }), 422, 'validation_failed');
});

it('gets a funnel, changes its name or its definition, and names what is wrong with a condition', async () => {
  // The tests above filled the project.
  for (const { id } of (await list('/v1/funnels')).slice(0, 1)) await remove('/v1/funnels', id);
  const { body: made } = await post('/v1/funnels', FUNNEL);
  const path = `/v1/funnels/${made.id}`;
  assert.deepEqual((await api.call('GET', path, { key })).body, made);
  const patch = (body: unknown) => api.call('PATCH', path, { key, body });
  assert.equal((await patch({ name: '  Renamed ' })).body.name, 'Renamed');
  const steps = [...FUNNEL.definition.steps, { event_name: 'renewal' }];
  const changed = await patch({ definition: { steps, order: 'any' } });
  assert.deepEqual(changed.body.definition, { steps, order: 'any' });
  assert.equal((await lastAudit()).action, 'funnel.updated');
  const where = [{ property: 'price', op: 'gt', value: 'much' }];
  const refused = await patch({ definition: { steps: [{ event_name: 'a', where }, { event_name: 'b' }] } });
  assert.deepEqual([refused.status, refused.body.errors[0].field], [422, 'definition.steps.0.where.0.value']);
  const other = await initProject(api.config);
  assertRefused(await api.call('GET', path, { key: other.server_key }), 404, 'not_found');
  assert.equal((await remove('/v1/funnels', made.id)).status, 200);
  assertRefused(await api.call('GET', path, { key }), 404, 'not_found');
});
