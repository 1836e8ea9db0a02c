import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import Database from 'better-sqlite3';
import { DAY_MS } from '../../src/lib/durations.ts';
import { cleanUp } from '../support/clean-up.ts';
import { connect, initProject, makeClock, makeConfig } from '../support/harness.ts';
import { startOpenServer } from '../support/open-server.ts';

const clock = makeClock();
const config = makeConfig();
const { server_key: root } = await initProject(config);
const { url, services, stop } = await startOpenServer(config, clock);
cleanUp(stop);
const { call } = connect(url);
const { firstUse } = services;

const self = (key: string) => call('GET', '/v1/api-keys/self', { key });
const iso = (ms: number) => new Date(ms).toISOString();
const endOf = async (key: string) => (await self(key)).headers.get('appflow-key-expires');

async function makeRotated(type: string) {
  const made = await call('POST', '/v1/api-keys', { key: root, body: { name: 'Test', type } });
  assert.equal(made.status, 201, made.text);
  const { id, key: old } = made.body;
  const body = { grace_seconds: 60, grace_from: 'first_use' };
  const rotated = await call('POST', `/v1/api-keys/${id}/rotate`, { key: root, body });
  assert.equal(rotated.status, 200, rotated.text);
  return { id, old, fresh: rotated.body.key, end: rotated.body.secrets[1].expires_at };
}

describe('a grace period that starts at the first use', () => {
  it('starts the grace period when the new secret is first used', async () => {
    const { old, fresh, end } = await makeRotated('client');
    assert.equal(end, iso(clock.now() + 30 * DAY_MS + 60_000));
    clock.advance(10 * DAY_MS);
    assert.equal((await self(old)).status, 200);
    const seenAt = clock.now();
    const seen = await Promise.all(Array.from({ length: 20 }, () => self(fresh)));
    assert.ok(seen.every(({ status }) => status === 200));
    clock.advance(30_000);
    await firstUse.flush();
    await self(fresh);
    await firstUse.flush();
    assert.equal(await endOf(old), iso(seenAt + 60_000));
    clock.set(seenAt + 59_999);
    assert.equal((await self(old)).status, 200);
    clock.set(seenAt + 60_000);
    const refused = await self(old);
    assert.deepEqual([refused.status, refused.body.code], [401, 'api_key_expired']);
  });

  it('starts the grace period after 30 days at the latest', async () => {
    const { old, fresh } = await makeRotated('server');
    const end = clock.now() + 30 * DAY_MS + 60_000;
    clock.set(end - 30_000);
    assert.equal((await self(fresh)).status, 200);
    await firstUse.flush();
    assert.equal(await endOf(old), iso(end));
    clock.set(end);
    assert.equal((await self(old)).body.code, 'api_key_expired');
  });

  it('does not start the grace period for a request from an IP address outside the allowlist', async () => {
    const { id, old, fresh, end } = await makeRotated('server');
    const restrict = (ip_allowlist: string[]) =>
      call('PATCH', `/v1/api-keys/${id}`, { key: root, body: { ip_allowlist } });
    await restrict(['192.0.2.1']);
    assert.equal((await self(fresh)).body.code, 'ip_not_allowed');
    await firstUse.flush();
    await restrict([]);
    assert.equal(await endOf(old), end);
  });
});

it('answers requests with a new secret immediately while another process holds the write lock', async () => {
  const { old, fresh, end } = await makeRotated('server');
  const other = new Database(`${config.dataDir}/control.db`);
  other.exec('BEGIN IMMEDIATE');
  const seenAt = clock.now();
  const from = performance.now();
  const answers = await Promise.all(Array.from({ length: 20 }, () => self(fresh)));
  const tookMs = performance.now() - from;
  assert.ok(tookMs < 2_500, `${tookMs} ms: no request waits for a lock, which would take 5 s`);
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  const flushed = firstUse.flush();
  assert.equal(await endOf(old), end, 'answered though nothing could be written yet');
  clock.advance(1_000);
  other.exec('COMMIT');
  other.close();
  await flushed;
  assert.equal(await endOf(old), iso(seenAt + 60_000), 'and no grace grows by the wait');
});
