import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DAY_MS, MINUTE_MS } from '../../src/lib/durations.ts';
import { makeClock, startTestServer } from '../support/harness.ts';
import { ask, makeApp, send } from './analytics-server.ts';
import { type PlainEvent, recountDaily } from './reference.ts';

const clock = makeClock();
// Makes the events below past events on any machine.
clock.set(Date.UTC(2026, 8, 1));
const api = await startTestServer({}, { clock });

const ZONES = [
  'UTC',
  'America/St_Johns',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'America/Sao_Paulo',
  'Asia/Beirut',
  'Africa/Cairo',
];
/** Days with an unusual clock change in one of the zones, and a leap day. */
const DAYS = [
  '2010-03-14',
  '2010-11-07',
  '2011-12-30',
  '2018-02-18',
  '2018-11-04',
  '2022-03-27',
  '2023-04-28',
  '2024-02-29',
];

const jitter = fc.constantFrom(-1, 0, 1);
/** Most are just before, at or just after a full quarter-hour or minute, as every midnight in every zone is. */
const offsetMs = fc.oneof(
  fc.tuple(fc.integer({ min: -200, max: 200 }), jitter).map(([n, ms]) => n * 15 * MINUTE_MS + ms),
  fc.tuple(fc.integer({ min: -2_000, max: 2_000 }), jitter).map(([n, ms]) => n * MINUTE_MS + ms),
  fc.integer({ min: -2 * DAY_MS, max: 2 * DAY_MS }),
);

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const sale = fc.record(
  {
    revenue: fc.constantFrom('9.99', '0', '0.000001', '123456789012345678.123456', 12.5, '3'),
    currency: fc.constantFrom('USD', 'EUR', 'JPY', 'KWD'),
  },
  { requiredKeys: [] },
);

const event = fc.record({
  id: fc.integer({ min: 0, max: 70 }),
  event_name: fc.constantFrom('open_app', 'purchase', 'refund'),
  app_user_id: fc.constantFrom('ann', 'Ann', "o'hara\\", '日本 🙂', '5'),
  session_id: maybe(fc.constantFrom('1', '2', "'")),
  offsetMs,
  properties: maybe(sale),
  isNegative: fc.boolean(),
  context: maybe(
    fc.record(
      {
        platform: fc.constantFrom('ios', 'android'),
        country: fc.constantFrom('DE', 'NP'),
        app_version: fc.constantFrom('1.0', "1.0'"),
      },
      { requiredKeys: [] },
    ),
  ),
});

const someOf = (...values: string[]) => fc.subarray(values, { minLength: 1 });
const filters = fc.record(
  {
    platform: someOf('ios', 'android', ''),
    country: someOf('DE', 'NP', ''),
    app_version: someOf('1.0', "1.0'"),
    event_name: someOf('open_app', 'purchase', 'refund', 'never_sent'),
  },
  { requiredKeys: [] },
);

type Drawn = typeof event extends fc.Arbitrary<infer T> ? T : never;

function toEvent(drawn: Drawn, appId: string, day: string): PlainEvent {
  const { id, offsetMs: ms, properties, isNegative, event_name, app_user_id, session_id, context } = drawn;
  const isNegativeRefund = isNegative && event_name === 'refund' && properties?.revenue !== undefined;
  return {
    event_id: `${appId}-${id}`,
    event_name,
    app_user_id,
    timestamp: new Date(Date.parse(`${day}T00:00:00Z`) + ms).toISOString(),
    ...(session_id !== undefined && { session_id }),
    ...(context && { context }),
    ...(properties && {
      properties: isNegativeRefund ? { ...properties, revenue: `-${properties.revenue}` } : properties,
    }),
  };
}

const addDays = (day: string, days: number) =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

const scenario = fc.record({
  day: fc.constantFrom(...DAYS),
  currency: fc.constantFrom('USD', 'JPY', 'KWD'),
  batches: fc.array(
    fc.record({
      isVerified: fc.boolean(),
      isRolledUp: fc.boolean(),
      events: fc.array(event, { minLength: 1, maxLength: 40 }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  filters,
  timezone: fc.constantFrom(...ZONES),
  before: fc.integer({ min: 0, max: 4 }),
  after: fc.integer({ min: 0, max: 4 }),
});

test('daily equals a plain recount of random events, late, repeated and in any order, in every zone', async () => {
  const { server_key, client_key } = api.project;
  await fc.assert(
    fc.asyncProperty(scenario, async (drawn) => {
      const { day, currency, timezone: home, batches, filters: chosen, before, after } = drawn;
      const appId = await makeApp(api, home, currency);
      const sent: PlainEvent[] = [];
      for (const { isVerified, isRolledUp, events: some } of batches) {
        const events = some.map((one) => toEvent(one, appId, day));
        await send(api, events, { appId, key: isVerified ? server_key : client_key });
        sent.push(...events.map((one) => ({ ...one, verified: isVerified })));
        // Later events of a day that is rolled up are added to it.
        if (isRolledUp) await api.server.settleRollups();
      }
      const range = { start: addDays(day, -before), end: addDays(day, after) };
      const compare = async (timezone: string, narrowed: typeof chosen) => {
        const { data } = await ask(api, 'daily', { app_id: appId, timezone, ...range, ...narrowed });
        const expected = recountDaily(sent, { timezone, currency, ...range, filters: narrowed });
        assert.deepEqual(data, expected, `${timezone} ${JSON.stringify(narrowed)}`);
      };
      await Promise.all(ZONES.map((timezone) => compare(timezone, {})));
      await Promise.all([home, ...ZONES.slice(0, 2)].map((timezone) => compare(timezone, chosen)));
      await api.server.settleRollups();
      await compare(home, {});
      await compare(home, chosen);
    }),
    { numRuns: 30 },
  );
});

test('unverified revenue is left out if the project is set to, and nothing else changes', async () => {
  const { server_key: key } = api.project;
  const set = async (value: boolean) => {
    const body = { count_unverified_revenue: value };
    assert.equal((await api.call('PATCH', '/v1/project', { key, body })).status, 200);
  };
  const appId = await makeApp(api);
  const make = (id: number, revenue: string): PlainEvent => ({
    event_id: `unverified-${id}`,
    event_name: id === 2 ? 'refund' : 'purchase',
    app_user_id: 'ann',
    timestamp: '2024-02-29T10:00:00Z',
    properties: { revenue, currency: id === 3 ? 'EUR' : 'USD' },
  });
  const forged = [make(1, '1000'), make(2, '1'), make(3, '5')].map((one) => ({ ...one, verified: false }));
  const paid = [make(4, '9.99')];
  await send(api, forged, { appId, key: api.project.client_key });
  await send(api, paid, { appId });
  const query = { timezone: 'UTC', currency: 'USD', start: '2024-02-29', end: '2024-02-29' };
  const range = { app_id: appId, start: '2024-02-29', end: '2024-02-29' };
  try {
    for (const countsUnverified of [false, true, true, false]) {
      await set(countsUnverified);
      const { data, meta } = await ask(api, 'daily', range);
      assert.deepEqual(data, recountDaily([...forged, ...paid], { ...query, countsUnverified }));
      assert.equal(meta.unverified_revenue, countsUnverified ? 'included' : 'excluded');
      // After the first time, by what is known of the day that is rolled up.
      await api.server.settleRollups();
    }
  } finally {
    await set(true);
  }
});
