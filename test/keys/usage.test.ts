import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSecret } from '../../src/directory/secret.ts';
import { pruneUsageHours } from '../../src/keys/usage/usage-store.ts';
import { DAY_MS, HOUR_MS } from '../../src/lib/durations.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { cleanUp } from '../support/clean-up.ts';
import { makeClock, makeConfig, makeKey, startTestServer } from '../support/harness.ts';
import { until } from '../support/until.ts';

const clock = makeClock();
// Starts in the middle of an hour, so that no test crosses an hour by accident.
clock.set(clock.now() - (clock.now() % HOUR_MS) + HOUR_MS / 2);
const api = await startTestServer({ APPFLOW_LIMIT_ANALYTICS: '0.001/1' }, { clock });
const { server_key, app_id } = api.project;
const hourNow = () => new Date(clock.now() - (clock.now() % HOUR_MS)).toISOString();

const usageOf = async (id: string, query = '') =>
  (await api.call('GET', `/v1/api-keys/${id}/usage${query}`, { key: server_key })).body.data;
const recordOf = async (id: string) =>
  (await api.call('GET', `/v1/api-keys/${id}`, { key: server_key })).body;
/** Returns the value of a metric, summed over its labels. */
async function readMetric(name: string, labels = ''): Promise<number> {
  const { text } = await api.call('GET', '/metrics');
  const lines = text.split('\n').filter((line) => line.startsWith(name) && line.includes(labels));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

describe('usage of a key', () => {
  it('reports time, address, SDK and count of requests immediately', async () => {
    const key = await makeKey(api, { type: 'server' });
    assert.equal((await recordOf(key.id)).last_used_at, null);
    await api.call('GET', '/v1/api-keys/self', { key: key.key, headers: { 'x-appflow-sdk': 'ios/1.2' } });
    const { body } = await api.call('GET', '/v1/apps', {
      key: key.key,
      headers: { 'user-agent': 'probe/3' },
    });
    assert.equal(body.data[0].id, app_id);
    const record = await recordOf(key.id);
    assert.equal(record.last_used_at, new Date(clock.now()).toISOString());
    assert.equal(record.last_used_ip, '127.0.0.1');
    assert.equal(record.last_used_sdk, 'probe/3');
    assert.equal(record.request_count, 2);
    assert.equal(record.secrets[0].last_used_at, record.last_used_at);
  });

  it('counts requests by hour, category and outcome', async () => {
    const key = await makeKey(api, { type: 'server', scopes: ['analytics:read', 'project:read'] });
    const get = async (path: string) => (await api.call('GET', path, { key: key.key })).status;
    assert.equal(await get('/v1/project'), 200);
    assert.equal(await get('/v1/apps'), 403);
    assert.equal(await get(`/v1/analytics/daily?app_id=${app_id}&days=7`), 200);
    assert.equal(await get(`/v1/analytics/daily?app_id=${app_id}&days=7`), 429);
    const first = hourNow();
    clock.advance(HOUR_MS);
    assert.equal(await get('/v1/project'), 200);
    await api.call('PATCH', `/v1/api-keys/${key.id}`, { key: server_key, body: { disabled: true } });
    assert.equal(await get('/v1/project'), 401);
    assert.deepEqual(await usageOf(key.id), [
      { hour: first, category: 'analytics', ok: 1, unauthorized: 0, forbidden: 0, limited: 1 },
      { hour: first, category: 'management', ok: 1, unauthorized: 0, forbidden: 1, limited: 0 },
      { hour: hourNow(), category: 'management', ok: 1, unauthorized: 1, forbidden: 0, limited: 0 },
    ]);
    assert.equal((await recordOf(key.id)).request_count, 5, 'a refused 401 is no use of the key');
  });

  it('returns the requested hours: seven days by default, ninety days at most', async () => {
    const key = await makeKey(api, { type: 'server' });
    await api.call('GET', '/v1/project', { key: key.key });
    const usedAt = clock.now();
    clock.advance(8 * DAY_MS);
    assert.deepEqual(await usageOf(key.id), []);
    const iso = (instantMs: number) => encodeURIComponent(new Date(instantMs).toISOString());
    assert.equal((await usageOf(key.id, `?from=${iso(usedAt)}`)).length, 1, 'the hour that from lies in');
    assert.equal((await usageOf(key.id, `?from=${iso(usedAt - DAY_MS)}&to=${iso(usedAt + 1)}`)).length, 1);
    assert.equal(
      (await usageOf(key.id, `?from=${iso(usedAt - DAY_MS)}&to=${iso(usedAt - HOUR_MS)}`)).length,
      0,
    );
    const status = async (query: string) =>
      (await api.call('GET', `/v1/api-keys/${key.id}/usage${query}`, { key: server_key })).status;
    assert.equal(await status(`?from=${iso(clock.now() - 90 * DAY_MS)}`), 200);
    assert.equal(await status(`?from=${iso(clock.now() - 91 * DAY_MS)}`), 422);
    assert.equal(await status(`?from=${iso(clock.now())}&to=${iso(clock.now() - 1)}`), 422);
    assert.equal(await status('?from=yesterday'), 422);
    assert.equal(await status('?since=x'), 422);
  });

  it('counts requests with a wrong bundle id without rejecting them', async () => {
    const key = await makeKey(api, { type: 'client', bundle_ids: ['com.example.app'] });
    const send = (bundleId?: string) =>
      api.call('POST', '/v1/events', {
        key: key.key,
        body: { events: [] },
        headers: bundleId === undefined ? {} : { 'x-appflow-bundle-id': bundleId },
      });
    const statuses = [await send('com.example.app'), await send('com.evil'), await send()].map(
      (a) => a.status,
    );
    assert.equal(new Set(statuses).size, 1);
    assert.equal((await recordOf(key.id)).bundle_id_mismatches, 1);
  });

  it('never stores a key from a header', async () => {
    const key = await makeKey(api, { type: 'server' });
    await api.call('GET', '/v1/project', { key: key.key, headers: { 'user-agent': `x ${key.key}` } });
    const { last_used_sdk } = await recordOf(key.id);
    assert.match(last_used_sdk, /^x sk_af1_/);
    assert.ok(!last_used_sdk.includes(key.key));
  });

  it('filters keys by days since their last use', async () => {
    const [used, unused] = [await makeKey(api, { type: 'server' }), await makeKey(api, { type: 'server' })];
    clock.advance(10 * DAY_MS);
    await api.call('GET', '/v1/project', { key: used.key });
    const { body } = await api.call('GET', '/v1/api-keys?unused_for_days=10&limit=200', { key: server_key });
    const ids = body.data.map((key: { id: string }) => key.id);
    assert.ok(ids.includes(unused.id));
    assert.ok(!ids.includes(used.id));
  });

  it('runs no SQL statements to count requests, whether accepted or rejected', async () => {
    const key = await makeKey(api, { type: 'server', scopes: ['project:read'] });
    await api.call('GET', '/v1/api-keys/self', { key: key.key });
    const before = await readMetric('appflow_db_statements_total');
    assert.ok(before > 0);
    for (let round = 0; round < 50; round += 1) {
      await api.call('GET', '/v1/api-keys/self', { key: key.key });
      await api.call('GET', '/v1/apps', { key: key.key });
      await api.call('GET', '/v1/api-keys/self', { key: createSecret('server') });
      await api.call('GET', '/v1/api-keys', { key: server_key });
    }
    // Independently of requests, the sample of failures for the audit log runs a few statements every few seconds.
    const after = await readMetric('appflow_db_statements_total');
    assert.ok(after - before < 50, `${after - before} statements for 200 requests`);
  });
});

describe('storing usage', () => {
  it('stores usage across restarts and adds up several processes', async () => {
    const config = makeConfig();
    const [one, other] = [await openControlServices(config, clock), await openControlServices(config, clock)];
    cleanUp(() => one.close());
    const found = { key: { id: 'key_x', bundleIds: [] }, secret: { version: 1 } } as never;
    const use = (services: typeof one, address: string) => {
      services.usage.count(services.usage.touch(found, address, {}), 'events', 200);
    };
    for (let index = 0; index < 3; index += 1) use(one, '10.0.0.1');
    clock.advance(1_000);
    for (let index = 0; index < 4; index += 1) use(other, '10.0.0.2');
    await one.usage.flush();
    await other.usage.flush();
    assert.equal(other.usage.find('key_x').requestCount, 7);
    use(one, '10.0.0.3');
    await Promise.all([one.usage.flush(), other.usage.flush()]);
    assert.equal(one.usage.find('key_x').requestCount, 8);
    await until('the other one knows', async () => {
      await other.usage.flush();
      return other.usage.find('key_x').requestCount === 8;
    });
    assert.equal(other.usage.find('key_x').lastUsedIp, '10.0.0.3');
    await other.close();
    const third = await openControlServices(config, clock);
    const hours = await third.usage.listHours('key_x', 0, clock.now() + 1);
    assert.equal(
      hours.reduce((sum, { ok }) => sum + ok, 0),
      8,
    );
    assert.equal(third.usage.find('key_x').requestCount, 8);
    await third.close();
  });

  it('keeps usage that a failed flush could not write', async () => {
    const config = makeConfig();
    const services = await openControlServices(config, clock);
    const found = { key: { id: 'key_x', bundleIds: [] }, secret: { version: 1 } } as never;
    services.usage.count(services.usage.touch(found, '10.0.0.1', {}), 'events', 200);
    await services.control.db.schema.alterTable('key_usage_hours').renameTo('aside').execute();
    await assert.rejects(services.usage.flush());
    services.usage.count(services.usage.touch(found, '10.0.0.1', {}), 'events', 429);
    await services.control.db.schema.alterTable('aside').renameTo('key_usage_hours').execute();
    await services.usage.flush();
    await services.usage.flush();
    const rows = await services.control.db.selectFrom('key_usage_hours').selectAll().execute();
    assert.deepEqual(
      rows.map(({ ok, limited }) => [ok, limited]),
      [[1, 0 + 1]],
    );
    assert.equal(services.usage.find('key_x').requestCount, 2);
    await services.close();
  });

  it('stores usage with U+0000 in the SDK, and drops only what the database refuses', async () => {
    const services = await openControlServices(makeConfig(), clock);
    const { usage, control } = services;
    const foundOf = (id: string | null) => ({ key: { id, bundleIds: [] }, secret: { version: 1 } }) as never;
    for (const id of ['key_x', null, 'key_y'])
      usage.count(usage.touch(foundOf(id), '10.0.0.1', { 'x-appflow-sdk': 'x\0' }), 'events', 200);
    await usage.flush();
    const rows = await control.db
      .selectFrom('key_usage')
      .select(['key_id', 'last_used_sdk'])
      .orderBy('key_id')
      .execute();
    assert.deepEqual(rows, [
      { key_id: 'key_x', last_used_sdk: 'x\ufffd' },
      { key_id: 'key_y', last_used_sdk: 'x\ufffd' },
    ]);
    const hours = await control.db.selectFrom('key_usage_hours').select(['key_id', 'ok']).execute();
    assert.equal(hours.length, 2);
    await services.close();
  });

  it('does not make other processes reload their keys', async () => {
    const services = await openControlServices(makeConfig(), clock);
    const revision = () =>
      services.control.db.selectFrom('revision').select('value').executeTakeFirstOrThrow();
    const before = await revision();
    const found = { key: { id: 'key_x', bundleIds: [] }, secret: { version: 1 } } as never;
    services.usage.count(services.usage.touch(found, '10.0.0.1', {}), 'events', 200);
    await services.usage.flush();
    assert.deepEqual(await revision(), before);
    await services.close();
  });

  it('deletes hours after ninety days', async () => {
    const services = await openControlServices(makeConfig(), clock);
    const found = { key: { id: 'key_x', bundleIds: [] }, secret: { version: 1 } } as never;
    services.usage.count(services.usage.touch(found, '10.0.0.1', {}), 'events', 200);
    await services.usage.flush();
    const keptFrom = clock.now() - (clock.now() % HOUR_MS);
    const countHours = async (now: number) => {
      await pruneUsageHours(services.control, now);
      return (await services.usage.listHours('key_x', 0, clock.now() + 1)).length;
    };
    assert.equal(await countHours(keptFrom + 90 * DAY_MS), 1);
    assert.equal(await countHours(keptFrom + 90 * DAY_MS + 1), 0);
    await services.close();
  });
});

it('writes usage when the server stops', async () => {
  await api.call('GET', '/v1/project', { key: server_key });
  const before = (await api.call('GET', '/v1/api-keys/self', { key: server_key })).body;
  await api.server.stop();
  const services = await openControlServices(api.config, clock);
  assert.equal(services.usage.find(before.id).requestCount, before.request_count);
  await services.close();
});
