import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initProject, makeClock, makeKey, startTestServer } from '../support/harness.ts';
import { ask, makeApp, send } from './analytics-server.ts';
import { type PlainEvent, recountDaily } from './reference.ts';

const clock = makeClock();
clock.set(Date.parse('2026-03-10T12:00:00.000Z'));
const api = await startTestServer({}, { clock });
const { project } = api;
const other = await initProject(api.config);
const METRICS = ['dau', 'new_users', 'sessions', 'events', 'revenue'];

const EVENTS: PlainEvent[] = [
  // Arrives after later events, and makes ann a new user on the 7th.
  {
    event_id: '1',
    event_name: 'open_app',
    app_user_id: 'ann',
    session_id: 's1',
    timestamp: '2026-03-09T08:00:00Z',
  },
  {
    event_id: '2',
    event_name: 'open_app',
    app_user_id: 'bob',
    session_id: 's1',
    timestamp: '2026-03-09T09:00:00Z',
  },
  { event_id: '3', event_name: 'tap', app_user_id: 'bob', timestamp: '2026-03-09T09:00:01Z' },
  {
    event_id: '4',
    event_name: 'purchase',
    app_user_id: 'bob',
    session_id: 's1',
    timestamp: '2026-03-09T09:00:02Z',
    properties: { revenue: '12.5' },
    context: { platform: 'ios', country: 'DE', app_version: '2.0' },
  },
  {
    event_id: '5',
    event_name: 'purchase',
    app_user_id: 'bob',
    session_id: 's1',
    timestamp: '2026-03-09T09:00:03Z',
    properties: { revenue: '3', currency: 'EUR' },
    context: { platform: 'android', country: 'NP', app_version: '1.0' },
  },
  {
    event_id: '6',
    event_name: 'refund',
    app_user_id: 'bob',
    timestamp: '2026-03-09T10:00:00Z',
    properties: { revenue: '2.25' },
  },
  {
    event_id: '7',
    event_name: 'open_app',
    app_user_id: 'ann',
    session_id: 's0',
    timestamp: '2026-03-07T08:00:00Z',
  },
];
for (const event of EVENTS) await send(api, [event]);

const call = (search: string, key = project.read_only_key, headers: Record<string, string> = {}) =>
  api.call('GET', `/v1/analytics/daily${search}`, { key, headers });

test('the documented first call returns the last 7 days, including zeros, and how each metric is counted', async () => {
  const { data, meta } = await ask(api, 'daily', { app_id: project.app_id, days: 7 });
  const range = { start: '2026-03-04', end: '2026-03-10' };
  assert.deepEqual(data, recountDaily(EVENTS, { timezone: 'UTC', currency: 'USD', ...range }));
  assert.deepEqual(data[5], {
    date: '2026-03-09',
    dau: 2,
    new_users: 1,
    sessions: 2,
    events: 6,
    revenue: '10.25',
    revenue_by_currency: { EUR: '3.00', USD: '10.25' },
  });
  const { definitions, ...parameters } = meta;
  assert.deepEqual(parameters, {
    app_id: project.app_id,
    ...range,
    timezone: 'UTC',
    metrics: METRICS,
    filters: {},
    currency: 'USD',
    ...{ unverified_revenue: 'included', retained_from: null },
    generated_at: '2026-03-10T12:00:00.000Z',
  });
  assert.deepEqual(Object.keys(definitions), METRICS);
  assert.match(definitions.sessions, /Days don't add up to weeks/);
});

test('covers 30 days by default, and the only app does not need to be named', async () => {
  const { data, meta } = await ask(api, 'daily', {}, other.read_only_key);
  assert.equal(data.length, 30);
  assert.deepEqual([meta.app_id, meta.start, meta.end], [other.app_id, '2026-02-09', '2026-03-10']);
});

test('start and end are both inclusive', async () => {
  const { data } = await ask(api, 'daily', {
    app_id: project.app_id,
    start: '2026-03-07',
    end: '2026-03-09',
    metrics: 'events',
  });
  assert.deepEqual(data, [
    { date: '2026-03-07', events: 1 },
    { date: '2026-03-08', events: 0 },
    { date: '2026-03-09', events: 6 },
  ]);
});

test('metrics are separated by commas or repeated, and returned once each in the documented order', async () => {
  const parameters = { app_id: project.app_id, days: 2, metrics: ['revenue,dau', 'revenue', 'new_users'] };
  const { data, meta } = await ask(api, 'daily', parameters);
  assert.deepEqual(meta.metrics, ['dau', 'new_users', 'revenue']);
  assert.deepEqual(Object.keys(meta.definitions), meta.metrics);
  assert.deepEqual(Object.keys(data[0]), ['date', 'dau', 'new_users', 'revenue', 'revenue_by_currency']);
  assert.deepEqual([data[0].dau, data[0].revenue], [2, '10.25']);
});

for (const metric of METRICS) {
  test(`${metric} has the same value alone and among all metrics`, async () => {
    const alone = await ask(api, 'daily', { app_id: project.app_id, days: 7, metrics: metric });
    const all = await ask(api, 'daily', { app_id: project.app_id, days: 7 });
    const pick = (row: Record<string, unknown>) => row[metric];
    assert.deepEqual(alone.data.map(pick), all.data.map(pick));
  });
}

test('filters are repeated in meta; values of one filter are alternatives, and all filters must match', async () => {
  const both = { country: ['DE', 'NP'], event_name: 'purchase' };
  const { data, meta } = await ask(api, 'daily', { app_id: project.app_id, days: 2, ...both });
  assert.deepEqual(meta.filters, { country: ['DE', 'NP'], event_name: ['purchase'] });
  assert.deepEqual([data[0].events, data[0].dau, data[0].new_users], [2, 1, 1]);
  const one = await ask(api, 'daily', { app_id: project.app_id, days: 2, ...both, platform: 'ios' });
  assert.deepEqual([one.data[0].events, one.data[0].revenue_by_currency], [1, { USD: '12.50' }]);
  const none = await ask(api, 'daily', { app_id: project.app_id, days: 2, ...both, app_version: '3.0' });
  assert.deepEqual([none.data[0].events, none.data[0].new_users], [0, 0]);
});

test('a retry with another time changes nothing: the first stored event counts', async () => {
  const appId = await makeApp(api);
  const event = {
    event_id: 'retry',
    event_name: 'open_app',
    app_user_id: 'ann',
    timestamp: '2026-03-05T00:00:00Z',
  };
  const before = { ...event, timestamp: '2026-03-01T00:00:00Z' };
  await send(api, [event, before], { appId });
  await send(api, [before], { appId });
  const { data } = await ask(api, 'daily', { app_id: appId, start: '2026-03-01', end: '2026-03-05' });
  assert.deepEqual(
    data.map((row: { events: number; new_users: number }) => [row.events, row.new_users]),
    [
      [0, 0],
      [0, 0],
      [0, 0],
      [0, 0],
      [1, 1],
    ],
  );
});

test('a currency whose sales were all refunded stays listed, and money is exact beyond floats', async () => {
  const appId = await makeApp(api, 'UTC', 'JPY');
  const money: [string, string, string][] = [
    ['purchase', '123456789012345678.123456', 'USD'],
    ['purchase', '0.000001', 'USD'],
    ['purchase', '5', 'KWD'],
    ['refund', '-5', 'KWD'],
    ['refund', '500', 'JPY'],
  ];
  const events = money.map(([event_name, revenue, currency], index) => ({
    event_id: `money-${index}`,
    event_name,
    app_user_id: 'ann',
    timestamp: '2026-03-05T00:00:00Z',
    properties: { revenue, currency },
  }));
  await send(api, events, { appId });
  const { data, meta } = await ask(api, 'daily', { app_id: appId, start: '2026-03-05', end: '2026-03-05' });
  assert.equal(meta.currency, 'JPY');
  assert.equal(data[0].revenue, '-500');
  assert.deepEqual(data[0].revenue_by_currency, {
    JPY: '-500',
    KWD: '0.000',
    USD: '123456789012345678.123457',
  });
});

const REFUSED: [search: string, fields: string[]][] = [
  ['days=0', ['days']],
  ['days=4001', ['days']],
  ['days=seven', ['days']],
  ['start=2026-03-01', ['end']],
  ['end=2026-03-01', ['start']],
  ['days=7&start=2026-03-01&end=2026-03-02', ['days', 'start', 'end']],
  ['days=7&end=2026-03-02', ['days', 'end']],
  ['start=2026-03-02&end=2026-03-01', ['start', 'end']],
  ['start=2015-01-01&end=2025-12-14', ['start', 'end']],
  ['start=2026-02-30&end=2026-03-01', ['start']],
  ['start=2026-3-1&end=20260302', ['start', 'end']],
  ['timezone=Mars/Olympus', ['timezone']],
  ['timezone=%2B05:30', ['timezone']],
  ['metrics=dau,wau', ['metrics']],
  ['metrics=', ['metrics']],
  ['metrics=mau&days=2&start=2026-03-01', ['days', 'start', 'metrics']],
  ['interval=day', ['interval']],
  [`country=${'x'.repeat(129)}`, ['country.0']],
];

for (const [search, fields] of REFUSED) {
  test(`?${search.slice(0, 60)} is rejected and names ${fields.join(', ')}`, async () => {
    const { status, body } = await call(`?app_id=${project.app_id}&${search}`);
    assert.equal(status, 422);
    assert.equal(body.code, 'validation_failed');
    assert.deepEqual(
      body.errors.map((error: { field: string }) => error.field),
      fields,
    );
  });
}

test('accepts up to 4,000 days, by days and by start and end', async () => {
  const byDays = await ask(api, 'daily', {
    app_id: project.app_id,
    days: 4_000,
    timezone: 'America/St_Johns',
  });
  assert.equal(byDays.data.length, 4_000);
  const { start, end } = byDays.meta;
  const byDates = await ask(api, 'daily', {
    app_id: project.app_id,
    start,
    end,
    timezone: 'America/St_Johns',
  });
  assert.deepEqual(byDates.data, byDays.data);
});

test('app_id is required if the key can read several apps', async () => {
  await makeApp(api);
  const { status, body } = await call('?days=7');
  assert.deepEqual([status, body.code], [422, 'app_required']);
});

test('a key restricted to one app cannot read the others', async () => {
  const { key } = await makeKey(api, { type: 'read_only', app_ids: [project.app_id] });
  assert.equal((await call('?days=7', key)).body.meta.app_id, project.app_id);
  const refused = await call(`?app_id=${await makeApp(api)}`, key);
  assert.deepEqual([refused.status, refused.body.code], [403, 'app_not_allowed']);
});

test("another project's app is not found, exactly like one that does not exist", async () => {
  const theirs = await call(`?app_id=${other.app_id}`);
  const missing = await call('?app_id=app_00000000000000000000000000');
  assert.equal(theirs.status, 404);
  const { request_id: _, ...rest } = theirs.body;
  const { request_id: __, ...nothing } = missing.body;
  assert.deepEqual(rest, nothing);
});

test('the same users and event ids in another project or app are counted separately', async () => {
  const appId = await makeApp(api);
  const range = { start: '2026-03-04', end: '2026-03-10' };
  const query = { timezone: 'UTC', currency: 'USD', ...range };
  // Ids are unique in a project: another app of it needs its own ids, another project does not.
  const inApp = EVENTS.slice(1, 4).map((event) => ({ ...event, event_id: `second-${event.event_id}` }));
  const inProject = EVENTS.slice(0, 5).map((event) => ({ ...event, app_user_id: 'ann' }));
  await send(api, inApp, { appId });
  await send(api, inProject, { appId: other.app_id, key: other.server_key });
  const rows = async (app_id: string, key: string, filter = {}) =>
    (await ask(api, 'daily', { app_id, ...range, ...filter }, key)).data;
  for (const filters of [{}, { event_name: ['open_app', 'purchase'] }]) {
    const expected = (events: PlainEvent[]) => recountDaily(events, { ...query, filters });
    assert.deepEqual(await rows(project.app_id, project.read_only_key, filters), expected(EVENTS));
    assert.deepEqual(await rows(appId, project.read_only_key, filters), expected(inApp));
    assert.deepEqual(await rows(other.app_id, other.read_only_key, filters), expected(inProject));
  }
});

test('a web page can read it from the allowed origins of its key, and from no other', async () => {
  const origin = 'https://numbers.example.com';
  const { key } = await makeKey(api, { type: 'read_only', allowed_origins: [origin] });
  const allowed = await call(`?app_id=${project.app_id}`, key, { origin });
  assert.deepEqual([allowed.status, allowed.headers.get('access-control-allow-origin')], [200, origin]);
  const refused = await call(`?app_id=${project.app_id}`, key, { origin: 'https://evil.example.com' });
  assert.deepEqual([refused.status, refused.body.code], [403, 'origin_not_allowed']);
});

test('a client key cannot read analytics', async () => {
  const { status, body } = await call('', project.client_key);
  assert.deepEqual([status, body.code], [403, 'insufficient_scope']);
});
