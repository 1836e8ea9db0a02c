import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MINUTE_MS } from '../../src/lib/durations.ts';
import { makeClock, makeKey, startTestServer } from '../support/harness.ts';
import { ask, makeApp, send } from './analytics-server.ts';
import { type BreakdownQuery, recountBreakdown } from './breakdown-reference.ts';
import type { PlainEvent } from './reference.ts';

const clock = makeClock();
clock.set(Date.UTC(2026, 8, 1));
const api = await startTestServer({}, { clock });
const { server_key } = api.project;

const DAY = '2024-03-10';
const DAY_START_MS = Date.parse(`${DAY}T00:00:00Z`);

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const context = fc.record(
  {
    platform: fc.constantFrom('ios', 'android', ''),
    country: fc.constantFrom('DE', 'NP', 'US', 'é', '🙂'),
    app_version: fc.constantFrom('1.0', "1.0'", '10.0'),
  },
  { requiredKeys: [] },
);
const properties = fc.record(
  {
    revenue: fc.constantFrom('9.99', '0', '0.000001', '12345678901.123456', 12.5, '3'),
    currency: fc.constantFrom('USD', 'EUR', 'JPY'),
    'a.plan:b': fc.constantFrom('pro', 'free', '', null, true, 2, '2', [1], { a: 'é' }),
  },
  { requiredKeys: [] },
);
const event = fc.record({
  id: fc.integer({ min: 0, max: 60 }),
  event_name: fc.constantFrom('open_app', 'purchase', 'refund', 'seen'),
  app_user_id: fc.constantFrom('ann', 'Ann', 'bob', '日本 🙂'),
  minutes: fc.integer({ min: -2_000, max: 3_000 }),
  context: maybe(context),
  properties: maybe(properties),
});
const query = fc.record({
  by: fc.constantFrom(
    'event_name',
    'platform',
    'country',
    'app_version',
    'property:a.plan:b',
    'property:none',
  ),
  metric: fc.constantFrom('events', 'users', 'revenue'),
  limit: fc.integer({ min: 1, max: 5 }),
  timezone: fc.constantFrom('UTC', 'America/New_York', 'Asia/Kathmandu'),
  filters: fc.record(
    {
      platform: fc.subarray(['ios', 'android', ''], { minLength: 1 }),
      event_name: fc.subarray(['open_app', 'purchase', 'refund'], { minLength: 1 }),
    },
    { requiredKeys: [] },
  ),
});

const askBreakdown = async (
  appId: string,
  { filters = {}, currency: _, ...parameters }: BreakdownQuery,
  key = server_key,
) => {
  const { data, other, meta } = await ask(
    api,
    'breakdown',
    { app_id: appId, ...parameters, ...filters },
    key,
  );
  return { data, other, meta };
};

describe('GET /v1/analytics/breakdown', () => {
  it('equals a plain recount of random events, late and repeated, for any query', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { minLength: 1, maxLength: 80 }),
        fc.array(query, { minLength: 4, maxLength: 8 }),
        fc.constantFrom('USD', 'EUR'),
        async (drawn, queries, currency) => {
          const appId = await makeApp(api, 'UTC', currency);
          const events = drawn.map(
            ({ id, minutes, ...rest }): PlainEvent =>
              JSON.parse(
                JSON.stringify({
                  ...rest,
                  event_id: `${appId}-${id}`,
                  timestamp: new Date(DAY_START_MS + minutes * MINUTE_MS).toISOString(),
                }),
              ),
          );
          await send(api, events, { appId });
          for (const one of queries) {
            const full = { ...one, currency, start: DAY, end: '2024-03-11' };
            const { data, other } = await askBreakdown(appId, full);
            assert.deepEqual({ data, other }, recountBreakdown(events, full), JSON.stringify(one));
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it('describes its query in meta, and answers a range without events', async () => {
    const appId = await makeApp(api, 'Europe/Berlin');
    const answer = await ask(api, 'breakdown', { app_id: appId, by: 'country', days: 7 });
    assert.deepEqual(answer.data, []);
    assert.deepEqual(answer.other, { events: 0, share: null });
    const { by, metric, limit, start, end, timezone, app_id } = answer.meta;
    assert.deepEqual(
      { by, metric, limit, start, end, timezone, app_id },
      {
        by: 'country',
        metric: 'events',
        limit: 10,
        start: '2026-08-26',
        end: '2026-09-01',
        timezone: 'Europe/Berlin',
        app_id: appId,
      },
    );
    assert.deepEqual(Object.keys(answer.meta.definitions), ['events', 'share', 'other']);
  });

  it('has no share where refunds outweigh the rest', async () => {
    const appId = await makeApp(api);
    const make = (id: string, event_name: string, country: string, revenue: string): PlainEvent => ({
      event_id: `${appId}-${id}`,
      event_name,
      app_user_id: 'ann',
      timestamp: `${DAY}T10:00:00Z`,
      properties: { revenue },
      context: { country },
    });
    const events = [
      make('1', 'purchase', 'DE', '10'),
      make('2', 'refund', 'US', '4'),
      make('3', 'refund', 'NP', '-0.000001'),
    ];
    await send(api, events, { appId });
    const range = { by: 'country', metric: 'revenue', start: DAY, end: DAY } as const;
    const { data } = await ask(api, 'breakdown', { app_id: appId, ...range });
    assert.deepEqual(
      data.map(({ value, revenue, share }: Record<string, unknown>) => [value, revenue, share]),
      [
        ['DE', '10.00', null],
        ['NP', '-0.000001', null],
        ['US', '-4.00', null],
      ],
    );
  });

  it('leaves out unverified revenue if the project is set to', async () => {
    const appId = await makeApp(api);
    const forged: PlainEvent = {
      event_id: `${appId}-1`,
      event_name: 'purchase',
      app_user_id: 'ann',
      timestamp: `${DAY}T10:00:00Z`,
      properties: { revenue: '1000' },
    };
    await send(api, [forged], { appId, key: api.project.client_key });
    const parameters = { app_id: appId, by: 'event_name', metric: 'revenue', start: DAY, end: DAY } as const;
    assert.equal((await ask(api, 'breakdown', parameters)).data[0].revenue, '1000.00');
    const set = (value: boolean) =>
      api.call('PATCH', '/v1/project', { key: server_key, body: { count_unverified_revenue: value } });
    await set(false);
    try {
      const answer = await ask(api, 'breakdown', parameters);
      assert.deepEqual(answer.data, []);
      assert.equal(answer.meta.unverified_revenue, 'excluded');
    } finally {
      await set(true);
    }
  });

  it('breaks down by property only for keys that may read events', async () => {
    const { key } = await makeKey(api, { type: 'server', scopes: ['analytics:read'] });
    const both = await makeKey(api, { type: 'server', scopes: ['analytics:read', 'events:read'] });
    const get = (by: string, secret: string) =>
      api.call('GET', `/v1/analytics/breakdown?app_id=${api.project.app_id}&by=${by}`, { key: secret });
    for (const secret of [key, api.project.read_only_key]) {
      const { status, body } = await get('property:plan', secret);
      assert.deepEqual([status, body.code, body.required], [403, 'insufficient_scope', ['events:read']]);
      assert.equal((await get('country', secret)).status, 200);
    }
    assert.equal((await get('property:plan', both.key)).status, 200);
  });

  it('rejects invalid parameters and names them', async () => {
    const app_id = api.project.app_id;
    const cases: [parameters: Record<string, string>, field: string][] = [
      [{}, 'by'],
      [{ by: 'key_id' }, 'by'],
      [{ by: `property:${'x'.repeat(129)}` }, 'by'],
      [{ by: 'country', metric: 'sessions' }, 'metric'],
      [{ by: 'country', limit: '0' }, 'limit'],
      [{ by: 'country', limit: '201' }, 'limit'],
      [{ by: 'country', start: DAY }, 'end'],
    ];
    for (const [parameters, field] of cases) {
      const query = new URLSearchParams({ app_id, ...parameters });
      const { status, body } = await api.call('GET', `/v1/analytics/breakdown?${query}`, { key: server_key });
      assert.deepEqual([status, body.errors?.[0]?.field], [422, field], JSON.stringify(parameters));
    }
    for (const limit of [1, 200]) await ask(api, 'breakdown', { app_id, by: 'country', limit });
  });
});
