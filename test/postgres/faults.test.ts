import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanUp } from '../support/clean-up.ts';
import { makeConfig, makeKey, readMetric, startTestServer } from '../support/harness.ts';
import { startProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';
import { NEEDS_POSTGRES, startPostgres } from './postgres-server.ts';

const MAX_STALE_SECONDS = 4;
/** How long before the kill it was last checked, at most. */
const CHECK_MS_MAX = 1_000;
const FRESH_SECONDS = 0.5;
/** A request that waited for the database would take at least as long as its time limit. */
const MEMORY_MS_MAX = 3_000;

describe('a control database in PostgreSQL', NEEDS_POSTGRES, async () => {
  if (NEEDS_POSTGRES.skip) return;
  const first = await startPostgres();
  cleanUp(first[Symbol.asyncDispose]);
  const proxy = await startProxy(first.port);
  cleanUp(proxy[Symbol.asyncDispose]);
  const api = await startTestServer({
    DATABASE_URL: `postgres://postgres@127.0.0.1:${proxy.port}/appflow`,
    APPFLOW_KEY_MAX_STALE_SECONDS: String(MAX_STALE_SECONDS),
  });
  const { server_key: key } = api.project;

  const statusOf = async (secret: string) =>
    (await api.call('GET', '/v1/api-keys/self', { key: secret })).status;
  const create = (name: string) => api.call('POST', '/v1/api-keys', { key, body: { name, type: 'client' } });
  const worksAgain = () =>
    until('keys can be created again', async () => (await create('Again')).status === 201);

  async function assertRefused(): Promise<void> {
    const { status, body, headers } = await create('Refused');
    assert.deepEqual([status, body.code], [503, 'storage_unavailable']);
    assert.match(headers.get('retry-after') ?? '', /^\d+$/);
  }

  it('verifies known keys while it is killed, refuses changes with 503, and works again by itself', async () => {
    await first.kill();
    assert.equal(await statusOf(key), 200);
    await assertRefused();
    await first.start();
    await worksAgain();
    assert.equal(await statusOf(key), 200);
  });

  it(`refuses every key with 503 once it could not be read for ${MAX_STALE_SECONDS} s, and not before`, async () => {
    await until(
      'it is current',
      async () => (await readMetric(api, 'appflow_key_directory_age_seconds')) < FRESH_SECONDS,
    );
    const killedAt = performance.now();
    await first.kill();
    await until('keys are refused', async () => (await statusOf(key)) !== 200);
    const { status, body } = await api.call('GET', '/v1/api-keys/self', { key });
    assert.deepEqual([status, body.code], [503, 'storage_unavailable']);
    const afterMs = performance.now() - killedAt;
    assert.ok(afterMs >= MAX_STALE_SECONDS * 1_000 - CHECK_MS_MAX, `${afterMs} ms`);
    await first.start();
    await until('keys are accepted again', async () => (await statusOf(key)) === 200);
    await worksAgain();
  });

  it('verifies known keys without waiting while it answers nothing, and refuses changes with 503', async () => {
    proxy.swallow();
    const changing = create('Unanswered');
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const sentAt = performance.now();
      assert.equal(await statusOf(key), 200);
      assert.ok(performance.now() - sentAt < MEMORY_MS_MAX, 'it waited for the database');
      await sleep(200);
    }
    assert.equal((await changing).status, 503);
    await worksAgain();
  });

  it('loads everything again after a failover to a replica that lacks the last changes', async () => {
    const [kept, revoked] = [await makeKey(api, { type: 'server' }), await makeKey(api, { type: 'server' })];
    await first.kill();
    await using replica = await first.copy();
    await first.start();
    await worksAgain();
    const lost = await makeKey(api, { type: 'server' });
    assert.equal((await api.call('DELETE', `/v1/api-keys/${revoked.id}`, { key })).status, 200);
    assert.deepEqual([await statusOf(lost.key), await statusOf(revoked.key)], [200, 401]);
    await first.kill();
    replica.becomeStandby();
    await replica.start();
    // The replica gets other changes: its revision alone doesn't show that some were lost.
    await replica.run('SELECT pg_promote()', 'UPDATE revision SET value = value + 100');
    proxy.retarget(replica.port);
    await until('the lost key is unknown', async () => (await statusOf(lost.key)) === 401);
    assert.equal(await statusOf(revoked.key), 200, 'its revocation was lost');
    assert.equal(await statusOf(kept.key), 200);
    await worksAgain();
    const warnings = async () => String((await api.call('GET', '/readyz')).body.warnings);
    await until('the loss is reported', async () =>
      (await warnings()).includes('went back to an earlier state'),
    );
    proxy.retarget(first.port);
  });
});

it('is refused in plain words when it cannot be reached', async () => {
  const { startServer } = await import('../../src/server/start.ts');
  const config = makeConfig({ DATABASE_URL: 'postgres://127.0.0.1:1/appflow' });
  await assert.rejects(
    startServer(config),
    /PostgreSQL cannot be used: it cannot be reached \(ECONNREFUSED\); check DATABASE_URL/,
  );
});
