import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MINUTE_MS } from '../../src/lib/durations.ts';
import { initProject, makeClock, startTestServer } from '../support/harness.ts';
import { ask, makeApp, send } from './analytics-server.ts';
import { type PlainEvent, recountLive } from './reference.ts';

const NOW = '2026-09-01T02:15:00.000Z';
const NOW_MS = Date.parse(NOW);
const clock = makeClock();
clock.set(NOW_MS);
const api = await startTestServer({}, { clock });

let made = 0;
const eventAt = (ageMs: number, changes: Partial<PlainEvent> = {}): PlainEvent => {
  made += 1;
  return {
    event_id: `live-${made}`,
    event_name: 'open_app',
    app_user_id: `user-${made}`,
    timestamp: new Date(NOW_MS - ageMs).toISOString(),
    ...changes,
  };
};

test('an app without events has zeros for every metric', async () => {
  const { data, meta } = await ask(api, 'live', { app_id: await makeApp(api, 'America/St_Johns', 'JPY') });
  assert.deepEqual(data, {
    active_users_5m: 0,
    active_users_30m: 0,
    dau_today: 0,
    revenue_today: '0',
    events_per_minute: Array(30).fill(0),
    top_events: [],
  });
  assert.equal(meta.today, '2026-08-31');
  assert.equal(meta.generated_at, NOW);
  assert.deepEqual(Object.keys(meta.definitions), Object.keys(data));
});

test('windows include now, start just after 5 and 30 minutes ago, and exclude the future', async () => {
  const appId = await makeApp(api);
  const ages = [-3_600_000, -1, 0, 59_999, 60_000, 299_999, 300_000, 1_799_999, 1_800_000, 1_800_001];
  await send(
    api,
    ages.map((age) => eventAt(age)),
    { appId },
  );
  const { data } = await ask(api, 'live', { app_id: appId });
  assert.equal(data.active_users_5m, 4);
  assert.equal(data.active_users_30m, 6);
  const minutes = Array(30).fill(0);
  minutes[29] = 2;
  minutes[28] = 1;
  minutes[25] = 1;
  minutes[24] = 1;
  minutes[0] = 1;
  assert.deepEqual(data.events_per_minute, minutes);
  assert.deepEqual(data.top_events, [{ event_name: 'open_app', events: 6 }]);
});

test('users count once, no matter how many events they send', async () => {
  const appId = await makeApp(api);
  const app_user_id = 'ann';
  await send(
    api,
    [eventAt(1, { app_user_id }), eventAt(2, { app_user_id }), eventAt(400_000, { app_user_id })],
    {
      appId,
    },
  );
  const { data } = await ask(api, 'live', { app_id: appId });
  assert.deepEqual([data.active_users_5m, data.active_users_30m, data.dau_today], [1, 1, 1]);
});

test('lists the ten most frequent events, ties by name', async () => {
  const appId = await makeApp(api);
  const names = ['k', 'j', 'i', 'h', 'g', 'f', 'e', 'd', 'c', 'b', 'a'];
  await send(
    api,
    [...names, 'k', 'j'].map((event_name) => eventAt(5 * MINUTE_MS, { event_name })),
    { appId },
  );
  const { data } = await ask(api, 'live', { app_id: appId });
  assert.deepEqual(
    data.top_events.map(({ event_name, events }: { event_name: string; events: number }) => [
      event_name,
      events,
    ]),
    [['j', 2], ['k', 2], ...['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => [name, 1])],
  );
});

test("today's metrics equal those of daily, in the reporting time zone and the app's currency", async () => {
  const appId = await makeApp(api, 'America/St_Johns', 'EUR');
  const sale = (ageMs: number, revenue: string, changes: Partial<PlainEvent> = {}) =>
    eventAt(ageMs, { event_name: 'purchase', properties: { revenue, currency: 'EUR' }, ...changes });
  const midnightAgeMs = NOW_MS - Date.parse('2026-08-31T02:30:00.000Z');
  await send(
    api,
    [
      sale(midnightAgeMs, '100'),
      sale(midnightAgeMs + 1, '10000'),
      sale(1, '0.015'),
      sale(2, '30', { event_name: 'refund' }),
      sale(3, '7', { properties: { revenue: '7', currency: 'USD' } }),
      // Dated ahead but on the same day; in St. John's the next day starts in 15 minutes.
      sale(-1_000, '1'),
      sale(-15 * MINUTE_MS, '20000'),
    ],
    { appId },
  );
  for (const timezone of ['America/St_Johns', 'UTC', 'Asia/Kathmandu']) {
    const { data, meta } = await ask(api, 'live', { app_id: appId, timezone });
    const daily = await ask(api, 'daily', { app_id: appId, timezone, days: 1 });
    assert.equal(meta.today, daily.meta.end);
    assert.deepEqual([data.dau_today, data.revenue_today], [daily.data[0].dau, daily.data[0].revenue]);
  }
  const { data } = await ask(api, 'live', { app_id: appId });
  assert.deepEqual([data.dau_today, data.revenue_today], [5, '71.015']);
});

test('filters apply to every live metric', async () => {
  const appId = await makeApp(api);
  const ios = { context: { platform: 'ios' } };
  await send(api, [eventAt(1, ios), eventAt(1), eventAt(2, { ...ios, event_name: 'tap' })], { appId });
  const { data, meta } = await ask(api, 'live', {
    app_id: appId,
    platform: 'ios',
    event_name: ['tap', 'swipe'],
  });
  assert.deepEqual([data.active_users_5m, data.active_users_30m, data.dau_today], [1, 1, 1]);
  assert.deepEqual(data.top_events, [{ event_name: 'tap', events: 1 }]);
  assert.deepEqual(meta.filters, { platform: ['ios'], event_name: ['tap', 'swipe'] });
});

test('events are in the next answer, and another project sees none of them', async () => {
  const appId = await makeApp(api);
  await send(api, [eventAt(0)], { appId });
  assert.equal((await ask(api, 'live', { app_id: appId })).data.active_users_5m, 1);
  const other = await initProject(api.config);
  const refused = await api.call('GET', `/v1/analytics/live?app_id=${appId}`, { key: other.read_only_key });
  assert.deepEqual([refused.status, refused.body.code], [404, 'not_found']);
  const { data } = await ask(api, 'live', {}, other.read_only_key);
  assert.deepEqual([data.active_users_30m, data.dau_today, data.top_events], [0, 0, []]);
});

const ageMs = fc.oneof(
  fc
    .tuple(fc.integer({ min: -3, max: 33 }), fc.constantFrom(-1, 0, 1))
    .map(([minutes, ms]) => minutes * MINUTE_MS + ms),
  fc.integer({ min: -3_600_000, max: 40 * 3_600_000 }),
);
const drawn = fc.record({
  id: fc.integer({ min: 0, max: 40 }),
  ageMs,
  event_name: fc.constantFrom('open_app', 'tap', 'swipe', 'refund', ...'abcdefghij'),
  app_user_id: fc.constantFrom('ann', 'bob', 'cy', 'dee'),
  revenue: fc.option(fc.constantFrom('9.99', '0.5'), { nil: undefined }),
});

test('live equals a plain recount of random events', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(drawn, { minLength: 1, maxLength: 60 }), async (list) => {
      const appId = await makeApp(api);
      const events = list.map(({ id, ageMs: age, event_name, app_user_id, revenue }) => ({
        event_id: `${appId}-${id}`,
        event_name,
        app_user_id,
        timestamp: new Date(NOW_MS - age).toISOString(),
        ...(revenue !== undefined && { properties: { revenue } }),
      }));
      await send(api, events, { appId });
      for (const timezone of ['UTC', 'Asia/Kathmandu', 'America/St_Johns']) {
        const { data } = await ask(api, 'live', { app_id: appId, timezone });
        assert.deepEqual(data, recountLive(events, { timezone, currency: 'USD', nowMs: NOW_MS }));
      }
    }),
    { numRuns: 25 },
  );
});
