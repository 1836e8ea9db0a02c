import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DAY_MS, HOUR_MS } from '../../src/lib/durations.ts';
import { type Answer, makeClock, makeKey, startTestServer } from '../support/harness.ts';

const clock = makeClock();
const api = await startTestServer({}, { clock });
const { server_key: root } = api.project;

const rotate = (id: string, body?: unknown, key = root) =>
  api.call('POST', `/v1/api-keys/${id}/rotate`, body === undefined ? { key } : { key, body });
const endGrace = (id: string) => api.call('POST', `/v1/api-keys/${id}/end-grace`, { key: root });
const record = async (id: string) => (await api.call('GET', `/v1/api-keys/${id}`, { key: root })).body;
const self = (key: string) => api.call('GET', '/v1/api-keys/self', { key });
const iso = (ms: number) => new Date(ms).toISOString();
const versionsOf = (body: { secrets: { version: number }[] }) => body.secrets.map(({ version }) => version);

async function rotated(id: string, body?: unknown) {
  const answer = await rotate(id, body);
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
}

function assertRefused(answer: Answer, status: number, code: string): void {
  assert.deepEqual([answer.status, answer.body.code], [status, code], answer.text);
}

describe('rotating keys', () => {
  it('issues a new secret and changes nothing else', async () => {
    const made = await makeKey(api, {
      type: 'server',
      scopes: ['apps:read', 'keys:read'],
      rate_limits: { analytics: { requests: { rate: 1, burst: 2 } } },
    });
    const now = clock.now();
    const answer = await rotate(made.id);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.equal(answer.headers.get('etag'), answer.body.etag);
    assert.match(answer.body.key, /^sk_af1_[0-9A-Za-z]{49}$/);
    assert.notEqual(answer.body.key, made.key);
    for (const name of [
      'id',
      'name',
      'type',
      'scopes',
      'rate_limits',
      'created_at',
      'created_by',
      'status',
    ]) {
      assert.deepEqual(answer.body[name], made[name], name);
    }
    const [newest, older] = answer.body.secrets;
    assert.deepEqual([newest.version, newest.created_at, newest.expires_at], [2, iso(now), null]);
    assert.deepEqual([older.version, older.expires_at], [1, iso(now + DAY_MS)]);
    assert.equal(answer.body.hint, newest.hint);
    assert.equal((await self(made.key)).status, 200);
    assert.equal((await self(answer.body.key)).status, 200);
  });

  it('accepts the old secret to the millisecond of its expiry, which every response names', async () => {
    const made = await makeKey(api, { type: 'server' });
    const end = clock.now() + 60_000;
    const { key: fresh } = await rotated(made.id, { grace_seconds: 60 });
    assert.equal((await self(made.key)).headers.get('appflow-key-expires'), iso(end));
    const missing = await api.call('GET', '/v1/apps/none', { key: made.key });
    assert.equal(missing.headers.get('appflow-key-expires'), iso(end));
    assert.equal((await self(fresh)).headers.get('appflow-key-expires'), null);
    clock.set(end - 1);
    assert.equal((await self(made.key)).status, 200);
    clock.set(end);
    assertRefused(await self(made.key), 401, 'api_key_expired');
    const after = await self(fresh);
    assert.deepEqual([after.status, versionsOf(after.body)], [200, [2]]);
  });

  it('accepts grace periods from zero to the maximum of the key type', async () => {
    const server = await makeKey(api, { type: 'server' });
    await rotated(server.id, { grace_seconds: 0 });
    assertRefused(await self(server.key), 401, 'api_key_expired');
    assert.deepEqual(versionsOf(await record(server.id)), [2]);
    for (const [type, most] of [
      ['server', 604_800],
      ['read_only', 604_800],
      ['client', 31_536_000],
    ] as const) {
      const { id } = await makeKey(api, { type });
      assertRefused(await rotate(id, { grace_seconds: most + 1 }), 422, 'validation_failed');
      assertRefused(await rotate(id, { grace_seconds: -1 }), 422, 'validation_failed');
      const { secrets } = await rotated(id, { grace_seconds: most });
      assert.equal(secrets[1].expires_at, iso(clock.now() + most * 1_000));
    }
  });

  it('ends a grace period no later than the key expires', async () => {
    const end = clock.now() + HOUR_MS;
    const { id, key } = await makeKey(api, { type: 'server', expires_at: iso(end) });
    const { secrets } = await rotated(id);
    assert.equal(secrets[1].expires_at, iso(end));
    assert.equal((await self(key)).headers.get('appflow-key-expires'), iso(end));
    const earlier = iso(clock.now() + 1_000);
    const body = { expires_at: earlier };
    await api.call('PATCH', `/v1/api-keys/${id}`, { key: root, body });
    assert.equal((await self(key)).headers.get('appflow-key-expires'), earlier);
  });

  it('rejects rotating a revoked or expired key', async () => {
    const revoked = await makeKey(api, { type: 'server' });
    await api.call('DELETE', `/v1/api-keys/${revoked.id}`, { key: root });
    assertRefused(await rotate(revoked.id), 409, 'conflict');
    const expired = await makeKey(api, { type: 'server', expires_at: iso(clock.now() + 1) });
    clock.advance(1);
    assertRefused(await rotate(expired.id), 409, 'conflict');
  });

  it('allows a key to rotate itself with its old secret', async () => {
    const { id, key } = await makeKey(api, { type: 'server' });
    const answer = await rotate(id, {}, key);
    assert.equal(answer.status, 200);
    assert.equal((await self(answer.body.key)).body.id, id);
  });
});

describe('rotating during a grace period', () => {
  it('rejects a second rotation during a grace period and changes nothing', async () => {
    const { id, key } = await makeKey(api, { type: 'server' });
    const first = await rotated(id);
    const before = await record(id);
    assertRefused(await rotate(id), 409, 'rotation_in_progress');
    assertRefused(await rotate(id, { force: false }), 409, 'rotation_in_progress');
    assert.deepEqual((await record(id)).secrets, before.secrets);
    assert.equal((await self(key)).status, 200);
    assert.equal((await self(first.key)).status, 200);
  });

  it('replaces an unused new secret with force, and keeps the grace period of the old one', async () => {
    const { id, key } = await makeKey(api, { type: 'server' });
    const lost = await rotated(id);
    const end = lost.secrets[1].expires_at;
    clock.advance(1_000);
    const found = await rotated(id, { force: true, grace_seconds: 1 });
    assert.deepEqual(versionsOf(found), [3, 1]);
    assert.equal(found.secrets[1].expires_at, end);
    assertRefused(await self(lost.key), 401, 'api_key_revoked');
    assert.equal((await self(key)).status, 200);
    assert.equal((await self(found.key)).status, 200);
  });

  it('ends the old secret with force if the new one is in use', async () => {
    const { id, key } = await makeKey(api, { type: 'server' });
    const second = await rotated(id);
    assert.equal((await self(second.key)).status, 200);
    const third = await rotated(id, { force: true, grace_seconds: 60 });
    assert.deepEqual(versionsOf(third), [3, 2]);
    assert.equal(third.secrets[1].expires_at, iso(clock.now() + 60_000));
    assertRefused(await self(key), 401, 'api_key_revoked');
    assert.equal((await self(second.key)).status, 200);
    assert.equal((await self(third.key)).status, 200);
  });

  it('says that a secret was replaced as long as the key still works, and else what happened to the key', async () => {
    const { id, key } = await makeKey(api, { type: 'server' });
    const detailOf = async () => (await self(key)).body.detail as string;
    const second = await rotated(id, { grace_seconds: 60 });
    clock.advance(60_000);
    assertRefused(await self(key), 401, 'api_key_expired');
    assert.match(await detailOf(), /replaced when the key was rotated.*Use the key's new secret/);
    await rotated(id);
    assert.equal((await endGrace(id)).status, 200);
    const ended = await self(second.key);
    assertRefused(ended, 401, 'api_key_revoked');
    assert.match(ended.body.detail, /replaced when the key was rotated/);
    assert.match(String(ended.headers.get('www-authenticate')), /="The secret was replaced by a rotation"/);
    await api.call('DELETE', `/v1/api-keys/${id}`, { key: root });
    assert.match(await detailOf(), /^This key was revoked/);
  });

  it('leaves at most two working secrets after 50 concurrent rotations', async () => {
    const { id, key } = await makeKey(api, { type: 'server' });
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => rotate(id, index % 2 ? { force: true } : {})),
    );
    const secrets = [key];
    for (const { status, body } of answers) {
      if (status === 200) {
        assert.ok(body.secrets.length <= 2);
        secrets.push(body.key);
      } else assert.equal(body.code, 'rotation_in_progress');
    }
    assert.ok(secrets.length > 25);
    assert.equal((await record(id)).secrets.length, 2);
    // Each secret is used only once here, because its first use would change the outcome of later rotations.
    const statuses = await Promise.all(secrets.map(async (one) => (await self(one)).status));
    assert.equal(statuses.filter((status) => status === 200).length, 2);
    assert.equal(statuses.filter((status) => status === 401).length, secrets.length - 2);
  });
});

describe('ending a grace period', () => {
  it('rejects the old secret immediately after its grace period was ended', async () => {
    const { id, key } = await makeKey(api, { type: 'server' });
    const { key: fresh } = await rotated(id);
    const answer = await endGrace(id);
    assert.deepEqual([answer.status, versionsOf(answer.body)], [200, [2]]);
    assertRefused(await self(key), 401, 'api_key_revoked');
    assert.equal((await self(fresh)).status, 200);
  });

  it('rejects ending a grace period if none is running: before, after, and twice', async () => {
    const { id } = await makeKey(api, { type: 'server' });
    assertRefused(await endGrace(id), 409, 'no_grace_running');
    await rotated(id);
    assert.equal((await endGrace(id)).status, 200);
    assertRefused(await endGrace(id), 409, 'no_grace_running');
    await rotated(id, { grace_seconds: 1 });
    clock.advance(1_000);
    assertRefused(await endGrace(id), 409, 'no_grace_running');
  });
});

describe('rotation under load', () => {
  it('rejects no request of clients that switch secrets within the grace period', async () => {
    const { id, key } = await makeKey(api, { type: 'server', scopes: ['keys:read'] });
    let current = key;
    let isRunning = true;
    let answered = 0;
    const callers = Array.from({ length: 8 }, async () => {
      while (isRunning) {
        const mine = current;
        const { status } = await self(mine);
        assert.equal(status, 200);
        answered += 1;
      }
    });
    for (let round = 0; round < 10; round += 1) {
      const { key: fresh } = await rotated(id, { grace_seconds: 3_600 });
      // Both secrets are in use for a while; then the old one is no longer used by any client.
      const old = current;
      assert.equal((await self(old)).status, 200);
      current = fresh;
      const atSwitch = answered;
      while (answered < atSwitch + 40) await new Promise((resolve) => setImmediate(resolve));
      assert.equal((await endGrace(id)).status, 200);
      assertRefused(await self(old), 401, 'api_key_revoked');
    }
    isRunning = false;
    await Promise.all(callers);
    assert.ok(answered > 400);
  });
});
