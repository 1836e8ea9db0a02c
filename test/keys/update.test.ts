import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DAY_MS } from '../../src/lib/durations.ts';
import { type Answer, initProject, makeClock, makeKey, startTestServer } from '../support/harness.ts';

const clock = makeClock();
const api = await startTestServer({}, { clock });
const { server_key: key, app_id } = api.project;

const patch = (id: string, body: unknown, headers: Record<string, string> = {}, as = key) =>
  api.call('PATCH', `/v1/api-keys/${id}`, { key: as, body, headers });
const get = (id: string) => api.call('GET', `/v1/api-keys/${id}`, { key });
const self = (as: string) => api.call('GET', '/v1/api-keys/self', { key: as });
const iso = (ms: number) => new Date(ms).toISOString();

function assertRefused(answer: Answer, status: number, code: string): void {
  assert.deepEqual([answer.status, answer.body.code], [status, code], answer.text);
}

const fieldsOf = ({ body }: Answer) =>
  body.errors.map((error: { field: string; code: string }) => `${error.field} ${error.code}`);

const LIMITS = {
  events: { requests: { rate: 100, burst: 500 }, events: { rate: 10_000, burst: 50_000 } },
  analytics: { requests: { rate: 2.5, burst: 10 }, in_flight: 5 },
  management: { requests: { rate: 1, burst: 1 } },
};

describe('changing keys', () => {
  it('changes every field that can be changed, and no other', async () => {
    const client = await makeKey(api, { type: 'client' });
    const server = await makeKey(api, { type: 'server' });
    const reading = await makeKey(api, { type: 'read_only' });
    const common = {
      name: 'Changed',
      app_ids: [app_id],
      expires_at: iso(clock.now() + 40 * DAY_MS),
      ip_allowlist: ['127.0.0.0/8', '::1', '2001:db8::/32'],
      rate_limits: LIMITS,
      disabled: true,
      metadata: { team: 'a' },
    };
    for (const [made, own] of [
      [server, { scopes: ['apps:read', 'keys:read'] }],
      [client, { bundle_ids: ['com.example'], allowed_sdks: ['posthog', 'appflow'] }],
      [reading, { allowed_origins: ['https://a.example'], scopes: ['analytics:read'] }],
    ] as const) {
      const { status, body, text } = await patch(made.id, { ...common, ...own });
      assert.equal(status, 200, text);
      for (const [name, value] of Object.entries({ ...common, ...own })) {
        assert.deepEqual(body[name].toSorted?.() ?? body[name], (value as []).toSorted?.() ?? value, name);
      }
      for (const name of ['id', 'type', 'hint', 'created_at', 'created_by', 'project_id']) {
        assert.equal(body[name], made[name], name);
      }
      assert.deepEqual((await get(made.id)).body, body);
    }
  });

  it('keeps fields that are not sent, and removes restrictions with null and empty lists', async () => {
    const fields = {
      type: 'read_only',
      scopes: ['analytics:read'],
      app_ids: [app_id],
      expires_at: iso(clock.now() + DAY_MS),
      ip_allowlist: ['10.0.0.1'],
      allowed_origins: ['https://a.example'],
      rate_limits: LIMITS,
      metadata: { a: '1' },
    };
    const { id } = await makeKey(api, fields);
    const renamed = (await patch(id, { name: 'Only this' })).body;
    for (const [name, value] of Object.entries(fields)) assert.deepEqual(renamed[name], value, name);
    const unrestricted = await patch(id, {
      scopes: null,
      app_ids: null,
      expires_at: null,
      ip_allowlist: [],
      allowed_origins: [],
      rate_limits: {},
      metadata: {},
    });
    const { scopes, app_ids, expires_at, ip_allowlist, allowed_origins, rate_limits, metadata } =
      unrestricted.body;
    assert.deepEqual(scopes, ['analytics:read', 'apps:read', 'project:read']);
    assert.deepEqual(
      [app_ids, expires_at, ip_allowlist, allowed_origins, rate_limits, metadata],
      [null, null, [], [], null, {}],
    );
  });

  it('applies changes to the next request', async () => {
    const made = await makeKey(api, { type: 'server' });
    assert.equal((await patch(made.id, { disabled: true })).body.status, 'disabled');
    assertRefused(await self(made.key), 401, 'api_key_disabled');
    assert.equal((await patch(made.id, { disabled: false })).body.status, 'active');
    assert.equal((await self(made.key)).status, 200);
    await patch(made.id, { scopes: ['apps:read'] });
    assertRefused(await api.call('GET', '/v1/project', { key: made.key }), 403, 'insufficient_scope');
    await patch(made.id, { ip_allowlist: ['203.0.113.0/24'] });
    assertRefused(await self(made.key), 403, 'ip_not_allowed');
  });

  it('rejects invalid changes with every error named, by the same rules as creation', async () => {
    const { id } = await makeKey(api, { type: 'client' });
    const before = (await get(id)).body;
    const answer = await patch(id, {
      scopes: ['keys:write'],
      allowed_origins: ['https://a.example'],
      expires_at: iso(clock.now()),
      metadata: { a: 'x'.repeat(2_048) },
      rate_limits: {
        events: { events: { rate: 1, burst: 999 }, requests: { rate: 0, burst: 1 } },
        management: { requests: { rate: 1, burst: 0 } },
      },
    });
    assert.equal(answer.status, 422);
    assert.deepEqual(fieldsOf(answer).sort(), [
      'allowed_origins wrong_type',
      'expires_at out_of_range',
      'metadata out_of_range',
      'rate_limits.events.events out_of_range',
      'rate_limits.events.requests out_of_range',
      'rate_limits.management.requests out_of_range',
      'scopes.0 above_ceiling',
    ]);
    for (const body of [{}, { type: 'server' }, { id: 'x' }, { project_id: 'x' }, { name: null }]) {
      assertRefused(await patch(id, body), 422, 'validation_failed');
    }
    assert.deepEqual((await get(id)).body, before);
  });

  it('accepts an event burst of 1,000, the size of the largest batch', async () => {
    const { id } = await makeKey(api, { type: 'client' });
    const rate_limits = { events: { events: { rate: 0.5, burst: 1_000 } } };
    assert.deepEqual((await patch(id, { rate_limits })).body.rate_limits, rate_limits);
  });

  it('limits the expiry to the maximum lifetime of the project, counted from creation', async () => {
    const there = await initProject(api.config);
    const as = there.server_key;
    const made = await makeKey({ ...api, project: there }, { type: 'client' });
    await api.call('PATCH', '/v1/project', { key: as, body: { max_key_lifetime_days: 10 } });
    const createdAt = Date.parse(String(made.created_at));
    clock.advance(DAY_MS);
    const last = iso(createdAt + 10 * DAY_MS);
    assertRefused(
      await patch(made.id, { expires_at: iso(createdAt + 10 * DAY_MS + 1) }, {}, as),
      422,
      'validation_failed',
    );
    assert.equal((await patch(made.id, { name: 'Kept as it was' }, {}, as)).status, 200);
    // The caller has no expiry itself, so it may set any.
    assert.equal((await patch(made.id, { expires_at: last }, {}, as)).body.expires_at, last);
    assertRefused(await patch(made.id, { expires_at: null }, {}, as), 422, 'validation_failed');
  });

  it('never reactivates a revoked or expired key', async () => {
    const revoked = await makeKey(api, { type: 'client' });
    await api.call('DELETE', `/v1/api-keys/${revoked.id}`, { key });
    assertRefused(await patch(revoked.id, { name: 'Back' }), 409, 'conflict');
    const expired = await makeKey(api, { type: 'client', expires_at: iso(clock.now() + 1) });
    clock.advance(1);
    assertRefused(await patch(expired.id, { expires_at: null }), 409, 'conflict');
    assert.equal((await patch(expired.id, { name: 'Label of the dead' })).status, 200);
  });
});

describe('concurrent changes of a key with If-Match', () => {
  it('rejects a change of a stale version and changes nothing', async () => {
    const made = await makeKey(api, { type: 'client' });
    const { headers, body } = await get(made.id);
    assert.match(body.etag, /^"[\w-]{22}"$/);
    assert.equal(headers.get('etag'), body.etag);
    assert.equal(made.etag, body.etag);
    const mine = await patch(made.id, { name: 'Mine' }, { 'if-match': body.etag });
    assert.equal(mine.status, 200);
    assert.notEqual(mine.body.etag, body.etag);
    assert.equal(mine.headers.get('etag'), mine.body.etag);
    const stale = await patch(made.id, { name: 'Yours' }, { 'if-match': body.etag });
    assertRefused(stale, 412, 'precondition_failed');
    assert.equal((await get(made.id)).body.name, 'Mine');
    assert.equal((await patch(made.id, { name: 'Overwritten' })).status, 200);
  });

  it('accepts several versions, any version, and versions without quotes in If-Match', async () => {
    const { id } = await makeKey(api, { type: 'client' });
    let { etag } = (await get(id)).body;
    for (const header of [() => '*', () => `"0", ${etag}`, () => etag.replaceAll('"', '')]) {
      const answer = await patch(id, { name: header() }, { 'if-match': header() });
      assert.equal(answer.status, 200, answer.text);
      etag = answer.body.etag;
    }
    for (const header of [`W/${etag}`, '"0"', 'x', '""']) {
      assertRefused(await patch(id, { name: 'x' }, { 'if-match': header }), 412, 'precondition_failed');
    }
  });

  it('keeps the ETag if nothing changes', async () => {
    const { id } = await makeKey(api, { type: 'client' });
    const { body } = await get(id);
    assert.equal((await patch(id, { name: body.name, disabled: false })).body.etag, body.etag);
  });

  it('accepts exactly one of 20 concurrent changes of the same version', async () => {
    const { id } = await makeKey(api, { type: 'client' });
    const { etag } = (await get(id)).body;
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => patch(id, { name: `N${index}` }, { 'if-match': etag })),
    );
    const statuses = answers.map(({ status }) => status).sort();
    assert.deepEqual(statuses, [200, ...Array.from({ length: 19 }, () => 412)]);
  });
});
