import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { IngestionCounts } from '../../client/src/api/ingestion.ts';
import { DAY_MS, HOUR_MS } from '../../src/lib/durations.ts';
import { initProject, makeClock, makeKey, startTestServer } from '../support/harness.ts';

const clock = makeClock();
// The middle of a day, so that no test crosses an hour or a day by accident.
clock.set(clock.now() - (clock.now() % DAY_MS) + 12.5 * HOUR_MS);
const api = await startTestServer({ APPFLOW_LIMIT_EVENTS_REQUESTS: '1000/1000' }, { clock });
const { server_key, app_id } = api.project;
const hourAt = (instantMs: number) => new Date(instantMs - (instantMs % HOUR_MS)).toISOString();

async function report(query: Record<string, string>, key = server_key): Promise<IngestionCounts[]> {
  const { status, body, text } = await api.call('GET', `/v1/ingestion?${new URLSearchParams(query)}`, {
    key,
  });
  assert.equal(status, 200, text);
  return body.data;
}

const send = (key: string, events: unknown, headers: Record<string, string> = {}) =>
  api.call('POST', '/v1/events', { key, body: { events }, headers });

let last = 0;
function event(fields: object = {}) {
  last += 1;
  return { event_id: `e${last}`, event_name: 'opened', app_user_id: 'u1', ...fields };
}

describe('GET /v1/ingestion', () => {
  it('counts each event once, by SDK, with the reason of each rejection', async () => {
    const { id: key_id, key } = await makeKey(api, { type: 'client' });
    const sdk = (name: string) => ({ context: { sdk: name } });
    const again = event(sdk('ios/2.0'));
    await send(key, [
      event(sdk('ios/2.0')),
      again,
      event(),
      event({ ...sdk('ios/2.0'), event_name: 'No' }),
      event({ ...sdk('ios/2.0'), event_name: '' }),
      event({ ...sdk('ios/2.0'), app_user_id: 'null' }),
      event({ timestamp: 'yesterday' }),
      event({ context: { sdk: 7 } }),
      'no event',
    ]);
    await send(key, [again, again]);
    const hour = hourAt(clock.now());
    assert.deepEqual(await report({ key_id }), [
      {
        hour,
        key_id,
        sdk_id: 'appflow',
        sdk: '',
        accepted: 1,
        duplicates: 0,
        rejected: 3,
        refused: 0,
        link_conflicts: 0,
        reasons: { invalid_timestamp: 1, invalid_context: 1, invalid_event: 1 },
      },
      {
        hour,
        key_id,
        sdk_id: 'appflow',
        sdk: 'ios/2.0',
        accepted: 2,
        duplicates: 2,
        rejected: 3,
        refused: 0,
        link_conflicts: 0,
        reasons: { invalid_event_name: 2, placeholder_app_user_id: 1 },
      },
    ]);
  });

  it('counts links without effect: of an ID that is linked to someone else already', async () => {
    const { id: key_id, key } = await makeKey(api, { type: 'server' });
    const identify = (app_user_id: string, anonymous_id: string) =>
      event({ event_name: '$identify', app_user_id, properties: { anonymous_id } });
    await send(key, [identify('ann', 'phone'), identify('ann', 'phone'), identify('bob', 'tablet')]);
    await send(key, [identify('bob', 'phone'), identify('ann', 'ann')]);
    // Links are derived after the answer, and before any query.
    const { status } = await api.call('GET', `/v1/users/ann?app_id=${app_id}`, { key: server_key });
    assert.equal(status, 200);
    const [row, ...more] = await report({ key_id });
    assert.deepEqual([row?.accepted, row?.link_conflicts, row?.rejected, more], [5, 1, 0, []]);
  });

  it('counts a refused request once by its code, and no 401', async () => {
    const { id: key_id, key } = await makeKey(api, {
      type: 'server',
      scopes: ['events:write'],
      ip_allowlist: ['127.0.0.1'],
    });
    const headers = { 'x-appflow-sdk': 'ios/2.0' };
    const statuses = [
      await send(
        key,
        Array.from({ length: 1_001 }, () => event()),
        headers,
      ),
      await send(key, 'none', headers),
      await api.call('POST', '/v1/events', { key, headers, body: '{' }),
      await api.call('POST', '/v1/events', { key, headers, body: { events: [event()], sent_at: 'now' } }),
      await api.call('POST', '/v1/events', { key, headers, body: { events: [event()], app_id: 'app_x' } }),
    ].map(({ status }) => status);
    assert.deepEqual(statuses, [413, 422, 400, 422, 404]);
    const change = (body: object) => api.call('PATCH', `/v1/api-keys/${key_id}`, { key: server_key, body });
    await change({ ip_allowlist: ['192.0.2.1'] });
    assert.equal((await send(key, [event()], headers)).status, 403);
    await change({ ip_allowlist: ['127.0.0.1'], disabled: true });
    assert.equal((await send(key, [event()], headers)).status, 401);
    await change({ disabled: false });
    // Not a batch of events.
    assert.equal((await api.call('GET', '/v1/events', { key, headers })).status, 403);
    assert.deepEqual(await report({ key_id }), [
      {
        hour: hourAt(clock.now()),
        key_id,
        sdk_id: 'appflow',
        sdk: 'ios/2.0',
        accepted: 0,
        duplicates: 0,
        rejected: 0,
        refused: 6,
        link_conflicts: 0,
        reasons: {
          payload_too_large: 1,
          validation_failed: 2,
          malformed_json: 1,
          not_found: 1,
          ip_not_allowed: 1,
        },
      },
    ]);
  });

  it('counts a scope that is missing, and a rate limit', async () => {
    const narrow = await makeKey(api, { type: 'server', scopes: ['project:read'] });
    assert.equal((await send(narrow.key, [event()])).status, 403);
    assert.deepEqual((await report({ key_id: narrow.id }))[0]?.reasons, { insufficient_scope: 1 });
    const limited = await makeKey(api, {
      type: 'client',
      rate_limits: { events: { requests: { rate: 0.01, burst: 1 } } },
    });
    assert.equal((await send(limited.key, [event()])).status, 200);
    assert.equal((await send(limited.key, [event()])).status, 429);
    const [row] = await report({ key_id: limited.id });
    assert.deepEqual([row?.accepted, row?.refused, row?.reasons], [1, 1, { rate_limited: 1 }]);
  });

  it('groups by hour or day, and by default covers the last 24 hours', async () => {
    const { id: key_id, key } = await makeKey(api, { type: 'client' });
    const first = clock.now();
    await send(key, [event()]);
    clock.advance(HOUR_MS);
    await send(key, [event(), event()]);
    const hours = (rows: IngestionCounts[]) => rows.map(({ hour, accepted }) => [hour, accepted]);
    assert.deepEqual(hours(await report({ key_id })), [
      [hourAt(first), 1],
      [hourAt(first + HOUR_MS), 2],
    ]);
    const day = new Date(first).toISOString().slice(0, 10);
    const whole = [[`${day}T00:00:00.000Z`, 3]];
    assert.deepEqual(hours(await report({ key_id, interval: 'day' })), whole);
    assert.deepEqual(hours(await report({ key_id, interval: 'day', start: day, end: day })), whole);
    const upTo = (end: number) => report({ key_id, start: day, end: new Date(end).toISOString() });
    assert.deepEqual(hours(await upTo(first + HOUR_MS - (first % HOUR_MS))), [[hourAt(first), 1]]);
    clock.advance(24 * HOUR_MS);
    assert.deepEqual(hours(await report({ key_id })), [[hourAt(first + HOUR_MS), 2]]);
    clock.advance(HOUR_MS);
    assert.deepEqual(await report({ key_id }), []);
  });

  it('covers at most 31 days by hour and 90 by day, and says what is wrong with a range', async () => {
    const status = async (query: Record<string, string>) =>
      (await api.call('GET', `/v1/ingestion?${new URLSearchParams(query)}`, { key: server_key })).status;
    const ago = (ms: number) => new Date(clock.now() - ms).toISOString();
    assert.equal(await status({ start: ago(31 * DAY_MS) }), 200);
    assert.equal(await status({ start: ago(31 * DAY_MS + 1) }), 422);
    assert.equal(await status({ start: ago(90 * DAY_MS), interval: 'day' }), 200);
    assert.equal(await status({ start: ago(90 * DAY_MS + 1), interval: 'day' }), 422);
    assert.equal(await status({ start: ago(0), end: ago(1) }), 422);
    assert.equal(await status({ start: ago(-DAY_MS) }), 422);
    assert.equal(await status({ start: '2026-02-30' }), 422);
    assert.equal(await status({ end: 'yesterday' }), 422);
    assert.equal(await status({ start: '9999-12-31', end: '9999-12-31' }), 422);
    assert.equal(await status({ start: '0000-01-01T00:00:00+14:00', end: '0000-01-01' }), 422);
    assert.equal(await status({ interval: 'week' }), 422);
    const { body } = await api.call('GET', '/v1/ingestion?start=x&end=y', { key: server_key });
    assert.deepEqual(
      body.errors.map(({ field }: { field: string }) => field),
      ['end', 'start'],
    );
  });

  it('shows the counts of one app, and a restricted key only those of its apps', async () => {
    const other = await api.call('POST', '/v1/apps', {
      key: server_key,
      body: { name: 'Other', platform: 'web' },
    });
    const otherApp: string = other.body.id;
    const { id: key_id, key } = await makeKey(api, { type: 'client' });
    await send(key, [
      event({ app_id }),
      event({ app_id: otherApp }),
      event({ app_id: otherApp, event_name: 'No' }),
      event({ app_id: 'app_x' }),
    ]);
    const only = async (query: Record<string, string>, reader?: string) =>
      (await report({ key_id, ...query }, reader)).map(({ accepted, rejected }) => [accepted, rejected]);
    assert.deepEqual(await only({}), [[2, 2]]);
    assert.deepEqual(await only({ app_id }), [[1, 0]]);
    assert.deepEqual(await only({ app_id: otherApp }), [[1, 1]]);
    const reader = await makeKey(api, { type: 'read_only', app_ids: [otherApp] });
    assert.deepEqual(await only({}, reader.key), [[1, 1]]);
    assert.deepEqual(await only({ app_id: 'all' }), [[2, 2]]);
    assert.deepEqual(await only({ app_id: 'all' }, reader.key), [[1, 1]]);
    assert.equal((await api.call('GET', `/v1/ingestion?app_id=${app_id}`, { key: reader.key })).status, 403);
    // A key for one app is refused on behalf of it.
    const inOther = await makeKey(api, { type: 'client', app_ids: [otherApp] });
    assert.equal((await send(inOther.key, 'none')).status, 422);
    const rows = await report({ key_id: inOther.id, app_id: otherApp }, reader.key);
    assert.deepEqual(rows[0]?.reasons, { validation_failed: 1 });
  });

  it('shows nothing of another project', async () => {
    const theirs = await initProject(api.config);
    await send(theirs.client_key, [event(), event({ event_name: 'No' })]);
    await send(server_key, [event({ app_id })]);
    const [row, ...more] = await report({}, theirs.server_key);
    assert.deepEqual([row?.accepted, row?.rejected, more], [1, 1, []]);
    const ours = await report({ key_id: row?.key_id ?? '' });
    assert.deepEqual(ours, []);
  });

  it('never returns a key that was sent as the name of an SDK', async () => {
    const { id: key_id, key } = await makeKey(api, { type: 'client' });
    await send(key, [
      event({ app_id, context: { sdk: key } }),
      event({ event_name: 1, context: { sdk: key } }),
    ]);
    await send(key, 'none', { 'x-appflow-sdk': key });
    const rows = await report({ key_id });
    assert.equal(rows.length, 1);
    assert.match(rows[0]?.sdk ?? '', /^ck_af1_\w{4}…\w{4}$/);
  });
});
