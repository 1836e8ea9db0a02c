import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeClock, makeKey, startTestServer } from '../support/harness.ts';
import { ask, makeApp, send } from './analytics-server.ts';
import { recountBreakdown } from './breakdown-reference.ts';
import { readPersons, type SentEvent } from './persons-reference.ts';
import { recountDaily, recountLive } from './reference.ts';

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

test('metrics, filters and breakdowns count persons as a plain replay of links and properties does', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(drawn, { minLength: 1, maxLength: 14 }), { minLength: 1, maxLength: 3 }),
      async (batches) => {
        const apps = [await makeApp(api), await makeApp(api)] as const;
        const { key } = await makeKey(api, {
          type: 'server',
          scopes: ['analytics:read', 'users:read', 'events:read'],
          app_ids: [...apps],
        });
        const sent: SentEvent[] = [];
        for (const [index, batch] of batches.entries()) {
          clock.set(NOW + index);
          for (const app of [0, 1] as const)
            for (const verified of [true, false]) {
              const events = batch
                .filter((one) => one.app === app && one.isVerified === verified)
                .map(({ app: _, isVerified: __, ...event }): SentEvent => {
                  sentIds += 1;
                  // The order of IDs is not that of arrival.
                  const event_id = `${(sentIds * 7919) % 1000}-${sentIds}`;
                  return { ...event, event_id, verified, app_id: apps[app], receivedAt: NOW + index };
                });
              if (events.length === 0) continue;
              const sender = verified ? api.project.server_key : api.project.client_key;
              await send(
                api,
                events.map(({ app_id: _, receivedAt: __, ...event }) => event),
                { appId: apps[app], key: sender },
              );
              sent.push(...events);
            }
        }
        clock.set(NOW);
        for (const scope of [[apps[0]], [apps[1]], [...apps]]) {
          const app_id = scope.length > 1 ? 'all' : (scope[0] ?? '');
          const { events, currentValue } = readPersons(sent.filter((one) => scope.includes(one.app_id)));
          const range = { start: '2026-05-01', end: '2026-05-03' };
          const query = { timezone: 'UTC', currency: 'USD', ...range };
          for (const filters of [{}, { country: ['DE'] }]) {
            const { data } = await ask(api, 'daily', { app_id, ...range, ...filters }, key);
            assert.deepEqual(data, recountDaily(events, { ...query, filters }), `daily ${app_id}`);
          }
          const { data: live } = await ask(api, 'live', { app_id }, key);
          assert.deepEqual(
            live,
            recountLive(events, { timezone: 'UTC', currency: 'USD', nowMs: NOW }),
            `live ${app_id}`,
          );
          for (const wanted of ['pro', '2']) {
            const user_property = `plan:${wanted}`;
            const { data } = await ask(
              api,
              'breakdown',
              { app_id, ...range, by: 'country', metric: 'users', user_property },
              key,
            );
            const matching = events.filter((one) => currentValue(one.app_user_id, 'plan') === wanted);
            const expected = recountBreakdown(matching, {
              ...query,
              by: 'country',
              metric: 'users',
              limit: 10,
            });
            assert.deepEqual(data, expected.data, `filter ${app_id} ${user_property}`);
          }
          for (const metric of ['events', 'users', 'revenue'] as const) {
            const answer = await ask(
              api,
              'breakdown',
              { app_id, ...range, by: 'user_property:n', metric, limit: 2 },
              key,
            );
            const valued = events.map((one) => {
              const n = currentValue(one.app_user_id, 'n');
              return { ...one, properties: { ...one.properties, ...(n !== null && { n }) } };
            });
            const expected = recountBreakdown(valued, { ...query, by: 'property:n', metric, limit: 2 });
            assert.deepEqual({ data: answer.data, other: answer.other }, expected, `by ${app_id} ${metric}`);
          }
        }
      },
    ),
    { numRuns: 2 },
  );
});
