import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { makeClock, makeKey, startTestServer } from '../support/harness.ts';
import { contributionsFile, readFixture } from '../support/stored-events.ts';
import { askFunnel as askFunnelOf, makeApp, send } from './analytics-server.ts';
import { type FunnelParameters, recountFunnel } from './funnel-reference.ts';
import type { PlainEvent } from './reference.ts';

const clock = makeClock();
clock.set(Date.parse('2026-08-23T00:00:00Z'));
const api = await startTestServer({}, { clock });
const { server_key } = api.project;

const START_MS = Date.parse('2026-08-10T00:00:00Z');

const askFunnel = (appId: string, body: object, key?: string) =>
  askFunnelOf(api, { app_id: appId, ...body }, key);

const DAY = { start: '2026-08-10', end: '2026-08-10', timezone: 'UTC' };

let sentCount = 0;
/** An event so many seconds after the start of the day. */
function at(
  seconds: number,
  event_name: string,
  more: Partial<PlainEvent> & { properties?: object } = {},
): PlainEvent {
  sentCount += 1;
  const timestamp = new Date(START_MS + Math.round(seconds * 1_000)).toISOString();
  return { event_id: `funnel-${sentCount}`, event_name, app_user_id: 'ann', timestamp, ...more };
}

const users = ({ data }: { data: { users: number }[] }) => data.map((row) => row.users);

const condition = fc.constantFrom(
  { property: 'plan', op: 'is', value: 'pro' },
  { property: 'plan', op: 'is_not', value: 'pro' },
  { property: 'plan', op: 'contains', value: 'r' },
  { property: 'plan', op: 'exists' },
  { property: 'n', op: 'gt', value: '2' },
  { property: 'n', op: 'lt', value: '2.5' },
  { property: 'country', op: 'is', value: 'DE' },
  { property: 'country', op: 'exists' },
);
const step = fc.record(
  { event_name: fc.constantFrom('a', 'b', 'c'), where: fc.array(condition, { maxLength: 1 }) },
  { requiredKeys: ['event_name'] },
);
const event = fc.record({
  event_name: fc.constantFrom('a', 'a', 'b', 'b', 'c'),
  app_user_id: fc.constantFrom('ann', 'bob', 'cid', '日本 🙂'),
  // Few different times: many events share one, and many waits are exactly the window.
  seconds: fc.oneof(
    fc.constantFrom(0, 10, 10.001, 20, 30, 86_399.999, 86_400, 86_410),
    fc.integer({ min: -8, max: 16 }).map((n) => n * 5 * 3_600),
  ),
  properties: fc.record(
    { plan: fc.constantFrom('pro', 'free', ''), n: fc.constantFrom(1, 2, 2.5, '3', 'x') },
    { requiredKeys: [] },
  ),
  country: fc.constantFrom('DE', 'NP', ''),
});
const query = fc.record(
  {
    steps: fc.array(step, { minLength: 2, maxLength: 4 }),
    window_seconds: fc.constantFrom(1, 10, 20, 18_000, 90_000, 7_776_000),
    order: fc.constantFrom('sequential', 'any'),
    timezone: fc.constantFrom('UTC', 'America/St_Johns', 'Asia/Kathmandu'),
    breakdown: fc.constantFrom('property:plan', 'country'),
    filters: fc.constant<{ country: string[] }>({ country: ['DE', ''] }),
  },
  { requiredKeys: ['steps', 'window_seconds', 'order', 'timezone'] },
);

/** The values of a breakdown in any order: those with as many people may change places. */
const sorted = (answer: { data: unknown[]; other?: unknown }) => ({
  data: answer.data.map((row) => JSON.stringify(row)).sort(),
  other: answer.other,
});

describe('POST /v1/analytics/funnel', () => {
  it('equals a plain recount that tries every choice of random events', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { minLength: 1, maxLength: 28 }),
        fc.array(query, { minLength: 8, maxLength: 12 }),
        async (drawn, queries) => {
          const appId = await makeApp(api);
          const events = drawn.map(({ event_name, app_user_id, seconds, properties, country }) =>
            at(seconds, event_name, { app_user_id, properties, context: { country } }),
          );
          await send(api, [...events, ...events.slice(0, 3)], { appId });
          for (const { breakdown, ...rest } of queries) {
            // Of several values at one time the most frequent counts, which the recount does not know.
            const isOrdered = new Set(events.map(({ timestamp }) => timestamp)).size === events.length;
            const body = {
              ...rest,
              ...(isOrdered && breakdown && { breakdown }),
              start: '2026-08-10',
              end: '2026-08-10',
            };
            const expected = recountFunnel(events, body as FunnelParameters);
            const { data, other } = await askFunnel(appId, body);
            assert.deepEqual(sorted({ data, other }), sorted(expected), JSON.stringify(body));
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it('equals a plain recount of real events, whose steps share names', async () => {
    for (const file of ['a', 'b'] as const) {
      const appId = await makeApp(api);
      const events = readFixture(contributionsFile(file));
      for (let from = 0; from < events.length; from += 1_000) {
        await send(api, events.slice(from, from + 1_000), { appId });
      }
      const counts = Map.groupBy(events, ({ event_name }) => event_name);
      const [first = '', second = ''] = [...counts]
        .sort((a, b) => b[1].length - a[1].length)
        .map(([name]) => name);
      for (const order of ['sequential', 'any'] as const) {
        const steps = [{ event_name: first }, { event_name: second }, { event_name: first }];
        // The recount tries every choice, so the window is short.
        const body = {
          steps,
          order,
          window_seconds: 3_600,
          timezone: 'UTC',
          start: '2016-09-01',
          end: '2026-08-22',
        };
        assert.deepEqual(
          (await askFunnel(appId, body)).data,
          recountFunnel(events, body).data,
          `${file} ${order}`,
        );
      }
    }
  });

  it('needs two events for two equal steps, and takes events at the same time in any order', async () => {
    const appId = await makeApp(api);
    await send(
      api,
      [
        at(0, 'buy'),
        at(0, 'buy', { app_user_id: 'bob' }),
        at(9, 'buy', { app_user_id: 'bob' }),
        at(5, 'view', { app_user_id: 'cid' }),
        at(5, 'buy', { app_user_id: 'cid' }),
      ],
      { appId },
    );
    const twice = { ...DAY, steps: [{ event_name: 'buy' }, { event_name: 'buy' }] };
    assert.deepEqual(users(await askFunnel(appId, twice)), [3, 1]);
    const together = { ...DAY, steps: [{ event_name: 'buy' }, { event_name: 'view' }] };
    assert.deepEqual(users(await askFunnel(appId, together)), [3, 1]);
  });

  it('includes the last millisecond of the window, also after the range, and not the next one', async () => {
    const appId = await makeApp(api);
    const evening = 86_399;
    await send(
      api,
      [
        at(evening, 'open'),
        at(evening + 60, 'buy'),
        at(evening, 'open', { app_user_id: 'late' }),
        at(evening + 60.001, 'buy', { app_user_id: 'late' }),
        at(-1, 'open', { app_user_id: 'early' }),
        at(1, 'buy', { app_user_id: 'early' }),
      ],
      { appId },
    );
    const body = { ...DAY, steps: [{ event_name: 'open' }, { event_name: 'buy' }], window_seconds: 60 };
    const { data } = await askFunnel(appId, body);
    assert.deepEqual(data, [
      { event_name: 'open', users: 2, conversion: 1, conversion_from_previous: null, median_seconds: null },
      { event_name: 'buy', users: 1, conversion: 0.5, conversion_from_previous: 0.5, median_seconds: 60 },
    ]);
  });

  it('counts a person once across apps', async () => {
    const [one, other] = [await makeApp(api), await makeApp(api)];
    await send(api, [at(0, 'web_signup', { app_user_id: 'zoe' })], { appId: one });
    await send(api, [at(9, 'app_login', { app_user_id: 'zoe' })], { appId: other });
    const body = { ...DAY, steps: [{ event_name: 'web_signup' }, { event_name: 'app_login' }] };
    assert.deepEqual(users(await askFunnel('all', body)), [1, 1]);
    assert.deepEqual(users(await askFunnel(one, body)), [1, 0]);
  });

  it('names each mistake in the body', async () => {
    const appId = await makeApp(api);
    const [step1, step2] = [{ event_name: 'a' }, { event_name: 'b' }];
    const withWhere = (where: object) => ({ steps: [step1, { ...step2, where: [where] }] });
    for (const [body, field] of [
      [{ steps: [step1] }, 'steps'],
      [{ steps: Array.from({ length: 11 }, () => step1) }, 'steps'],
      [{ steps: [step1, { event_name: '$set' }] }, 'steps.1.event_name'],
      [{ steps: [step1, step2], window_seconds: 0 }, 'window_seconds'],
      [{ steps: [step1, step2], window_seconds: 7_776_001 }, 'window_seconds'],
      [withWhere({ property: 'n', op: 'gt', value: 'many' }), 'steps.1.where.0.value'],
      [withWhere({ property: 'n', op: 'is' }), 'steps.1.where.0.value'],
      [withWhere({ property: 'n', op: 'exists', value: '1' }), 'steps.1.where.0.value'],
      [withWhere({ property: 'n', op: 'like', value: '1' }), 'steps.1.where.0.op'],
    ] as const) {
      const answer = await api.call('POST', '/v1/analytics/funnel', {
        key: server_key,
        body: { app_id: appId, ...body },
      });
      assert.equal(answer.status, 422, JSON.stringify(body));
      assert.deepEqual(
        answer.body.errors.map((error: { field: string }) => error.field),
        [field],
      );
    }
  });

  it('reads properties only with events:read', async () => {
    const appId = await makeApp(api);
    const key = await makeKey(api, { type: 'read_only', scopes: ['analytics:read'] });
    const steps = [{ event_name: 'a' }, { event_name: 'b' }];
    const call = (body: object) =>
      api.call('POST', '/v1/analytics/funnel', { key: key.key, body: { app_id: appId, steps, ...body } });
    assert.equal((await call({})).status, 200);
    const onColumn = [
      { event_name: 'a', where: [{ property: 'country', op: 'is', value: 'DE' }] },
      { event_name: 'b' },
    ];
    assert.equal((await call({ steps: onColumn })).status, 200);
    const onProperty = [
      { event_name: 'a', where: [{ property: 'plan', op: 'exists' }] },
      { event_name: 'b' },
    ];
    assert.equal((await call({ steps: onProperty })).status, 403);
    assert.equal((await call({ breakdown: 'property:plan' })).status, 403);
  });
});
