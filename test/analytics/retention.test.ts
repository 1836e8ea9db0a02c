import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DAY_MS, HOUR_MS } from '../../src/lib/durations.ts';
import { makeClock, startTestServer } from '../support/harness.ts';
import { contributionsFile, readFixture } from '../support/stored-events.ts';
import { ask, makeApp, send } from './analytics-server.ts';
import type { PlainEvent, ReferenceFilters } from './reference.ts';
import { type RetentionParameters, recountRetention } from './retention-reference.ts';

const NOW_MS = Date.parse('2026-08-23T10:30:00Z');
const clock = makeClock();
clock.set(NOW_MS);
const api = await startTestServer({}, { clock });

const askRetention = async (
  appId: string,
  query: Partial<RetentionParameters>,
  filters: ReferenceFilters = {},
) => ask(api, 'retention', { app_id: appId, ...query, ...filters });

const lateJoiner = (app_user_id: string, dates: readonly string[]): PlainEvent[] =>
  dates.map((date) => ({
    event_id: `late-${date}`,
    event_name: 'open_app',
    app_user_id,
    timestamp: `${date}T10:00:00Z`,
  }));

const event = fc.record({
  id: fc.integer({ min: 0, max: 90 }),
  event_name: fc.constantFrom('open_app', 'purchase'),
  app_user_id: fc.constantFrom('ann', 'bob', 'cid', 'dan', 'eve', '日本 🙂'),
  hoursAgo: fc.oneof(fc.integer({ min: 0, max: 24 * 9 }), fc.integer({ min: 0, max: 24 * 100 })),
  ms: fc.constantFrom(-1, 0, 1),
  context: fc.record({ platform: fc.constantFrom('ios', 'android') }),
});

const parameters = fc.record({
  interval: fc.constantFrom('day', 'week', 'month'),
  periods: fc.integer({ min: 1, max: 5 }),
  return: fc.constantFrom('on', 'on_or_after'),
  timezone: fc.constantFrom('UTC', 'America/St_Johns', 'Asia/Kathmandu', 'Pacific/Apia'),
  startDaysAgo: fc.integer({ min: 0, max: 60 }),
  days: fc.integer({ min: 0, max: 40 }),
  filters: fc.record(
    {
      event_name: fc.constant<string[]>(['purchase']),
      platform: fc.constant<string[]>(['ios']),
    },
    { requiredKeys: [] },
  ),
});

const dateAgo = (days: number) => new Date(NOW_MS - days * DAY_MS).toISOString().slice(0, 10);

describe('GET /v1/analytics/retention', () => {
  it('equals a plain recount of random events for every interval, rule, zone and filter', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { minLength: 1, maxLength: 80 }),
        fc.array(parameters, { minLength: 6, maxLength: 10 }),
        async (drawn, queries) => {
          const appId = await makeApp(api);
          const events = drawn.map(({ id, hoursAgo, ms, ...rest }): PlainEvent => {
            const at = Math.floor(NOW_MS / HOUR_MS) * HOUR_MS - hoursAgo * HOUR_MS + ms;
            return { ...rest, event_id: `${appId}-${id}`, timestamp: new Date(at).toISOString() };
          });
          await send(api, events, { appId });
          for (const { startDaysAgo, days, filters, ...rest } of queries) {
            const query = { ...rest, start: dateAgo(startDaysAgo), end: dateAgo(startDaysAgo - days) };
            const { data } = await askRetention(appId, query, filters);
            const expected = recountRetention(events, query, { filters, nowMs: NOW_MS });
            assert.deepEqual(data, expected, JSON.stringify({ ...query, filters }));
          }
        },
      ),
      { numRuns: 8 },
    );
  });

  it('equals a plain recount of ten years of real events', async () => {
    const appId = await makeApp(api);
    const events = readFixture(contributionsFile('a'));
    for (let from = 0; from < events.length; from += 1_000) {
      await send(api, events.slice(from, from + 1_000), { appId });
    }
    const zoned = { timezone: 'America/St_Johns', start: '2016-09-01', end: '2026-08-22' };
    for (const [interval, rule] of [
      ['month', 'on'],
      ['month', 'on_or_after'],
      ['week', 'on'],
    ] as const) {
      const query = { ...zoned, interval, return: rule, periods: 12 };
      const { data } = await askRetention(appId, query);
      assert.deepEqual(data, recountRetention(events, query, { nowMs: NOW_MS }), `${interval} ${rule}`);
    }
  });

  it('counts a person of two apps once, in the cohort of the earlier one', async () => {
    const [one, other] = [await makeApp(api), await makeApp(api)];
    const make = (id: string, appUserId: string, date: string, more: object = {}): PlainEvent => ({
      event_id: `linked-${id}`,
      event_name: 'open_app',
      app_user_id: appUserId,
      timestamp: `${date}T10:00:00Z`,
      ...more,
    });
    await send(api, [make('1', 'zoe', '2011-05-01'), make('2', 'max', '2011-05-02')], { appId: one });
    await send(api, [make('3', 'zoe', '2011-05-02'), make('4', 'max', '2011-05-04')], { appId: other });
    const range = { start: '2011-05-01', end: '2011-05-02', periods: 2 };
    const { data, meta } = await askRetention('all', range);
    assert.deepEqual(
      data.map(({ size, users }: { size: number; users: number[] }) => [size, users]),
      [
        [1, [1, 1, 0]],
        [1, [1, 0, 1]],
      ],
    );
    assert.equal(meta.app_id, 'all');
  });

  it('counts returning users over ranges of 64 days or more', async () => {
    const appId = await makeApp(api);
    const days = ['2012-01-01', '2012-01-02', '2012-03-04', '2012-03-05', '2012-03-06'];
    const events = days.flatMap((date, index) =>
      ['ann', index === 0 ? 'bob' : 'ann'].map((app_user_id, of) => ({
        event_id: `bits-${index}-${of}`,
        event_name: 'open_app',
        app_user_id,
        timestamp: `${date}T10:00:00Z`,
      })),
    );
    await send(api, [...events, ...lateJoiner('cid', ['2012-02-17', '2012-03-05'])], { appId });
    // The days that the query spans are 64, 65, 66 and 67.
    for (const end of ['2012-02-16', '2012-02-17', '2012-02-18', '2012-02-19']) {
      const { data } = await askRetention(appId, { start: '2012-01-01', end, periods: 17 });
      assert.deepEqual([data[0].size, data[0].users[1], data[0].users[2]], [2, 1, 0], end);
      // The return is on the 65th day of the query.
      if (end > '2012-02-16')
        assert.deepEqual([data[47].size, data[47].users.at(-1), data[47].users[1]], [1, 1, 0], end);
    }
    const { data } = await askRetention(appId, { start: '2012-01-01', end: '2012-02-19', periods: 19 });
    assert.deepEqual([data[47].users[17], data[47].users[18]], [1, 0]);
    const long = await askRetention(appId, { start: '2012-01-01', end: '2012-01-01', periods: 52 });
    assert.equal(
      long.data[0].users.reduce((sum: number, count: number) => sum + count, 0),
      3,
    );
  });

  it('says so when the range is moved back to the start of a period', async () => {
    const appId = await makeApp(api);
    const inside = await askRetention(appId, { interval: 'week', start: '2026-08-19', end: '2026-08-24' });
    assert.equal(inside.meta.start, '2026-08-17');
    assert.match(inside.meta.moved, /from 2026-08-19 to 2026-08-17, the first day of its week/);
    assert.deepEqual(
      inside.data.map(({ cohort }: { cohort: string }) => cohort),
      ['2026-08-17', '2026-08-24'],
    );
    const monday = await askRetention(appId, { interval: 'week', start: '2026-08-17', end: '2026-08-23' });
    assert.deepEqual([monday.meta.moved, monday.meta.periods, monday.meta.return], [null, 14, 'on']);
  });

  it('rejects periods and intervals outside their bounds, naming each', async () => {
    const call = (query: string) =>
      api.call('GET', `/v1/analytics/retention?${query}`, { key: api.project.server_key });
    const appId = await makeApp(api);
    for (const [query, field] of [
      ['periods=0', 'periods'],
      ['periods=53', 'periods'],
      ['interval=year', 'interval'],
      ['return=never', 'return'],
    ] as const) {
      const { status, body } = await call(`app_id=${appId}&${query}`);
      assert.equal(status, 422);
      assert.deepEqual(
        body.errors.map(({ field: name }: { field: string }) => name),
        [field],
      );
    }
    const { data } = await askRetention(appId, { periods: 52, start: '2026-08-01', end: '2026-08-01' });
    assert.equal(data[0].users.length, 53);
  });
});
