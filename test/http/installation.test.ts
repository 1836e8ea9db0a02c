import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { VERSION } from '../../src/config/version.ts';
import { FREE_BYTES_MIN } from '../../src/disk/space.ts';
import { DAY_MS, HOUR_MS } from '../../src/lib/durations.ts';
import { join, openBrowser, setUp } from '../support/browser.ts';
import { countRows, runSql } from '../support/control-sql.ts';
import { makeClock, makeKey, startTestServer } from '../support/harness.ts';
import { until } from '../support/until.ts';

const clock = makeClock();
const startedAt = clock.now();
const api = await startTestServer({}, { clock });
const owner = await setUp(api.url, api.server.setupUrl);
const admin = await join(owner, api.project.project_id, 'owner', 'Second');
const PATH = '/app/v1/installation';

async function sendEvents(count: number): Promise<void> {
  const events = Array.from({ length: count }, (_, index) => ({
    event_id: `event_${index}`,
    event_name: 'app_open',
    app_user_id: `user_${index}`,
  }));
  const { status, text } = await api.call('POST', '/v1/events', {
    key: api.project.server_key,
    body: { events },
  });
  assert.equal(status, 200, text);
}

/** Stores the count of an hour, as ingestion health does. */
async function storeAccepted(hour: number, count: number): Promise<void> {
  await runSql(
    api.config,
    `INSERT INTO ingestion_sdk_hours (project_id, key_id, hour, sdk_id, sdk, app_id, outcome, code, count)
    VALUES ('${api.project.project_id}', 'key_a', ${hour}, 'appflow', '', '', 'accepted', '', ${count})`,
  );
}

/** Stores the count of an hour, as the release before does. */
async function storeAcceptedBefore(hour: number, count: number): Promise<void> {
  await runSql(
    api.config,
    `INSERT INTO ingestion_hours (project_id, key_id, hour, sdk, app_id, outcome, code, count)
    VALUES ('${api.project.project_id}', 'key_a', ${hour}, '', '', 'accepted', '', ${count})`,
  );
}

async function read() {
  const { status, body, text } = await owner.call('GET', PATH);
  assert.equal(status, 200, text);
  return body;
}

describe('the installation', () => {
  it('is only for the person who created the first account, not for owners of projects', async () => {
    const refused = await admin.call('GET', PATH);
    assert.deepEqual([refused.status, refused.body.code], [403, 'exceeds_own_permissions'], refused.text);
    assert.equal((await openBrowser(api.url).call('GET', PATH)).status, 401);
    const owns = async (browser: typeof owner) =>
      (await browser.call('GET', '/app/v1/session')).body.user.owns_installation;
    assert.deepEqual([await owns(owner), await owns(admin)], [true, false]);
  });

  it('has its release, its start, where its data is and how much of it there is', async () => {
    const { config } = api;
    const body = await read();
    assert.equal(body.version, VERSION);
    assert.equal(body.started_at, new Date(startedAt).toISOString());
    const isServer = config.databaseUrl !== undefined;
    assert.equal(body.control.engine, isServer ? 'postgresql' : 'sqlite');
    assert.equal(body.events.engine, config.clickhouseUrl === undefined ? 'embedded' : 'clickhouse');
    assert.deepEqual(body.limits, { engine: 'memory', host: null });
    assert.deepEqual(body.counts, { accounts: 2, projects: 1, apps: 1, api_keys: 3 });
    assert.ok(body.control.bytes > 0);
    assert.ok(body.disk.free_bytes > 0 && body.disk.free_bytes < body.disk.total_bytes);
  });

  it('counts neither revoked, disabled nor expired keys', async () => {
    const before = (await read()).counts.api_keys;
    const key = api.project.server_key;
    const [revoked, disabled] = [
      await makeKey(api, { type: 'client' }),
      await makeKey(api, { type: 'client' }),
    ];
    await makeKey(api, { type: 'client', expires_at: new Date(clock.now() + DAY_MS).toISOString() });
    assert.equal((await read()).counts.api_keys, before + 3);
    await api.call('DELETE', `/v1/api-keys/${revoked.id}`, { key });
    await api.call('PATCH', `/v1/api-keys/${disabled.id}`, { key, body: { disabled: true } });
    clock.advance(DAY_MS);
    assert.equal((await read()).counts.api_keys, before);
  });

  it('forecasts when the disk is full from the second day of events on, from the events of the last 7 days', async () => {
    const readForecast = async () => (await read()).disk.forecast;
    if (api.config.clickhouseUrl !== undefined)
      return assert.equal((await readForecast()).status, 'on_server');
    const tooEarly = { status: 'not_enough_data', bytes_per_day: null, full_in_days: null };
    assert.deepEqual(await readForecast(), tooEarly);
    await sendEvents(100);
    const isCounted = async () =>
      (await countRows(api.config, 'ingestion_sdk_hours WHERE count = 100')) === 1;
    await until('the events are counted', isCounted);
    const hour = clock.now() - (clock.now() % HOUR_MS);
    await storeAccepted(hour - DAY_MS + HOUR_MS, 50);
    assert.deepEqual(await readForecast(), tooEarly);
    await storeAccepted(hour - 8 * DAY_MS, 1_000_000);
    await storeAccepted(hour - 6 * DAY_MS, 60);
    await storeAcceptedBefore(hour - 6 * DAY_MS, 30);
    const { events, disk } = await read();
    assert.equal(events.count, 100);
    const bytesPerDay = Math.ceil((240 / 7) * (events.bytes / 100));
    assert.deepEqual([disk.forecast.status, disk.forecast.bytes_per_day], ['filling', bytesPerDay]);
    const days = (disk.free_bytes - FREE_BYTES_MIN) / bytesPerDay;
    assert.equal(disk.forecast.full_in_days, Math.floor(days));
  });
});

describe('the owner of the installation', () => {
  it('has the oldest account that exists: also after leaving all projects, and someone else only after it was deleted', async () => {
    const projectId = api.project.project_id;
    clock.advance(1);
    const third = await join(owner, projectId, 'owner', 'Third');
    const seenBy = async () => {
      const answers = await Promise.all([owner, admin, third].map((one) => one.call('GET', PATH)));
      return answers.map(({ status }) => status);
    };
    assert.deepEqual(await seenBy(), [200, 403, 403]);
    const { id } = (await owner.call('GET', '/app/v1/session')).body.user;
    const left = await owner.call('DELETE', `/app/v1/projects/${projectId}/members/${id}`);
    assert.equal(left.status, 204, left.text);
    assert.deepEqual(await seenBy(), [200, 403, 403]);
    await runSql(api.config, `DELETE FROM people WHERE id = '${id}'`);
    assert.deepEqual(await seenBy(), [401, 200, 403]);
  });
});
