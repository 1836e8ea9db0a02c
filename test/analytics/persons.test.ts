import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeClock, makeKey, startTestServer } from '../support/harness.ts';
import { ask, askFunnel, makeApp, send } from './analytics-server.ts';
import { recountBreakdown } from './breakdown-reference.ts';
import { recountFunnel } from './funnel-reference.ts';
import { recountHours, recountUsers } from './hourly-reference.ts';
import { readPersons, type SentEvent } from './persons-reference.ts';
import { type PlainEvent, recountDaily, recountLive } from './reference.ts';
import { recountRetention } from './retention-reference.ts';

const NOW = Date.UTC(2026, 4, 3, 12);
const clock = makeClock();
clock.set(NOW);
const api = await startTestServer({}, { clock });
let sentIds = 0;

const ids = fc.constantFrom('a', 'b', 'c', "d'", '日本');
const value = fc.constantFrom('pro', 'free', '', 2, '2', null, true, { a: [1] });
const values = fc.dictionary(fc.constantFrom('plan', 'n'), value, { maxKeys: 2, noNullPrototype: true });
/** In steps of ten hours, so that events of the same time are frequent; some are in the last half hour. */
const timestamp = fc
  .oneof(
    fc.integer({ min: 1, max: 6 }).map((n) => n * 36_000_000),
    fc.integer({ min: 0, max: 29 }).map((n) => n * 60_000),
  )
  .map((ago) => new Date(NOW - ago).toISOString());
const common = { app_user_id: ids, timestamp, app: fc.constantFrom(0, 1), isVerified: fc.boolean() };
const drawn = fc.oneof(
  fc.record({
    ...common,
    event_name: fc.constantFrom('opened', 'buy', 'refund'),
    session_id: fc.constantFrom('1', '2'),
    context: fc.record({ country: fc.constantFrom('DE', 'FR') }),
    properties: fc.record({ revenue: fc.constantFrom('1', '2.5'), currency: fc.constantFrom('USD', 'EUR') }),
  }),
  fc.record({
    ...common,
    event_name: fc.constant('$identify'),
    properties: fc.record({ anonymous_id: ids, $set: values, $set_once: values }),
  }),
  fc.record({
    ...common,
    event_name: fc.constant('$set'),
    properties: fc.record({ $set: values, $set_once: values }),
  }),
);

type Drawn = typeof drawn extends fc.Arbitrary<infer T> ? T : never;
type Apps = readonly [string, string];

/** Sends the events of a batch, those of each app and kind of key together, and returns them. */
async function sendBatch(batch: readonly Drawn[], apps: Apps, receivedAt: number): Promise<SentEvent[]> {
  const sent: SentEvent[] = [];
  const groups = Map.groupBy(batch, (one) => JSON.stringify([one.app, one.isVerified]));
  for (const group of groups.values()) {
    const events = group.map(({ app, isVerified, ...event }): SentEvent => {
      sentIds += 1;
      // The order of IDs is not that of arrival.
      const event_id = `${(sentIds * 7919) % 1000}-${sentIds}`;
      return { ...event, event_id, verified: isVerified, app_id: apps[app === 0 ? 0 : 1], receivedAt };
    });
    const { server_key, client_key } = api.project;
    const key = events[0]?.verified ? server_key : client_key;
    const plain = events.map(({ app_id: _, receivedAt: __, ...event }) => event);
    await send(api, plain, { appId: events[0]?.app_id ?? '', key });
    sent.push(...events);
  }
  return sent;
}

const range = { start: '2026-05-01', end: '2026-05-03' };
const query = { timezone: 'UTC', currency: 'USD', ...range };

/** Compares the answers for some apps with the reference. */
async function compare(app_id: string, sent: readonly SentEvent[], key: string): Promise<void> {
  const { events, currentValue } = readPersons(sent);
  for (const filters of [{}, { country: ['DE'] }]) {
    const { data } = await ask(api, 'daily', { app_id, ...range, ...filters }, key);
    assert.deepEqual(data, recountDaily(events, { ...query, filters }), `daily ${app_id}`);
    await compareTimes(app_id, events, { filters, key });
    await compareFunnels(app_id, events, { filters, key });
  }
  const { data: live } = await ask(api, 'live', { app_id }, key);
  assert.deepEqual(live, recountLive(events, { ...query, nowMs: NOW }), `live ${app_id}`);
  for (const wanted of ['pro', '2']) {
    const filter = { by: 'country', metric: 'users', user_property: `plan:${wanted}` } as const;
    const { data } = await ask(api, 'breakdown', { app_id, ...range, ...filter }, key);
    const matching = events.filter((one) => currentValue(one.app_user_id, 'plan') === wanted);
    const expected = recountBreakdown(matching, { ...query, by: 'country', metric: 'users', limit: 10 });
    assert.deepEqual(data, expected.data, `filter ${app_id} ${wanted}`);
  }
  const valued = events.map((one) => {
    const n = currentValue(one.app_user_id, 'n');
    return { ...one, properties: { ...one.properties, ...(n !== null && { n }) } };
  });
  for (const metric of ['events', 'users', 'revenue'] as const) {
    const by = { by: 'user_property:n', metric, limit: 2 };
    const { data, other } = await ask(api, 'breakdown', { app_id, ...range, ...by }, key);
    const expected = recountBreakdown(valued, { ...query, by: 'property:n', metric, limit: 2 });
    assert.deepEqual({ data, other }, expected, `by ${app_id} ${metric}`);
  }
}

type Asked = { filters: { country?: string[] }; key: string };

/** Compares hours, unique users and retention. */
async function compareTimes(app_id: string, events: readonly PlainEvent[], { filters, key }: Asked) {
  const asked = { ...query, filters };
  const label = `${app_id} ${JSON.stringify(filters)}`;
  const hours = await ask(api, 'hourly', { app_id, ...range, ...filters }, key);
  const active = hours.data.filter((hour: { events: number }) => hour.events > 0);
  assert.deepEqual(active, recountHours(events, asked), `hourly ${label}`);
  const users = await ask(api, 'users', { app_id, ...range, ...filters }, key);
  const { start, end, partial, ...counted } = users.data[0];
  assert.deepEqual(counted, recountUsers(events, asked), `users ${label}`);
  for (const rule of ['on', 'on_or_after'] as const) {
    const retention = { ...range, timezone: 'UTC', interval: 'day', periods: 3, return: rule } as const;
    const { data } = await ask(api, 'retention', { app_id, ...retention, ...filters }, key);
    const expected = recountRetention(events, retention, { filters, nowMs: NOW });
    assert.deepEqual(data, expected, `retention ${label}`);
  }
}

/** Compares funnels whose window is shorter, as long as and longer than the wait of many people. */
async function compareFunnels(app_id: string, events: readonly PlainEvent[], { filters, key }: Asked) {
  for (const order of ['sequential', 'any'] as const) {
    for (const hours of [9, 10, 60]) {
      const steps = [{ event_name: 'opened' }, { event_name: 'buy' }, { event_name: 'opened' }];
      const body = { ...range, timezone: 'UTC', steps, window_seconds: hours * 3_600, order, filters };
      const { data } = await askFunnel(api, { app_id, ...body }, key);
      assert.deepEqual({ data }, recountFunnel(events, body), `funnel ${app_id} ${JSON.stringify(body)}`);
    }
  }
}

const scenario = fc.array(fc.array(drawn, { minLength: 1, maxLength: 14 }), { minLength: 1, maxLength: 3 });

test('metrics, filters and breakdowns count persons as a plain replay of links and properties does', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (batches) => {
      const apps: Apps = [await makeApp(api), await makeApp(api)];
      const scopes = ['analytics:read', 'users:read', 'events:read'];
      const { key } = await makeKey(api, { type: 'server', scopes, app_ids: apps });
      const sent: SentEvent[] = [];
      for (const [index, batch] of batches.entries()) {
        clock.set(NOW + index);
        sent.push(...(await sendBatch(batch, apps, NOW + index)));
      }
      clock.set(NOW);
      for (const app of apps)
        await compare(
          app,
          sent.filter(({ app_id }) => app_id === app),
          key,
        );
      await compare('all', sent, key);
    }),
    { numRuns: 3 },
  );
});
