import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { initProject, makeClock, startTestServer } from '../support/harness.ts';
import { ask, makeApp, send } from './analytics-server.ts';
import { type AppEvent, recountHours, recountUsers } from './hourly-reference.ts';
import { recountDaily } from './reference.ts';

const clock = makeClock();
clock.set(Date.UTC(2026, 8, 1));
const api = await startTestServer({}, { clock });

/** Zones and a day on which their clocks change: by an hour both ways, by half an hour, at a quarter past, at 00:01. */
const CHANGES = [
  ['America/New_York', '2024-03-10'],
  ['America/New_York', '2024-11-03'],
  ['Australia/Lord_Howe', '2024-04-07'],
  ['Australia/Lord_Howe', '2024-10-06'],
  ['Asia/Kathmandu', '2024-05-01'],
  ['America/St_Johns', '2010-11-07'],
] as const;

const event = fc.record({
  minute: fc.integer({ min: -90, max: 30 * 60 }),
  jitterMs: fc.constantFrom(-1, 0, 1),
  user: fc.constantFrom('ann', 'bob', 'eve'),
  session: fc.constantFrom('', '1', '2'),
  platform: fc.constantFrom('ios', 'android'),
  app: fc.constantFrom(0, 1),
  revenue: fc.constantFrom(undefined, '1.50', '2'),
});

describe('hours, periods, comparison and all apps', () => {
  it('hourly equals a plain recount on days on which clocks change, over one app and over all', async () => {
    let made = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...CHANGES),
        fc.array(event, { minLength: 1, maxLength: 40 }),
        async ([timezone, day], drawn) => {
          const apps = [await makeApp(api, timezone), await makeApp(api, timezone)];
          const startMs = Date.parse(`${day}T00:00:00Z`);
          const sent = drawn.map((one): AppEvent => {
            made += 1;
            return {
              event_id: `hour-${made}`,
              event_name: 'purchase',
              app_user_id: `${one.user}-${apps[0]}`,
              timestamp: new Date(
                startMs - 12 * 3_600_000 + one.minute * 60_000 + one.jitterMs,
              ).toISOString(),
              context: { platform: one.platform },
              appId: apps[one.app] ?? '',
              ...(one.session !== '' && { session_id: one.session }),
              ...(one.revenue !== undefined && { properties: { revenue: one.revenue } }),
            };
          });
          for (const appId of apps) {
            const own = sent.filter((one) => one.appId === appId).map(({ appId: _, ...rest }) => rest);
            await send(api, own, { appId });
          }
          const range = { start: day, end: day };
          const query = { timezone, currency: 'USD', ...range };
          for (const [app_id, of] of [
            [apps[0] ?? '', sent.filter(({ appId }) => appId === apps[0])],
            [apps[1] ?? '', sent.filter(({ appId }) => appId === apps[1])],
          ] as const) {
            const { data } = await ask(api, 'hourly', { app_id, ...range });
            const active = data.filter(({ events }: { events: number }) => events > 0);
            assert.deepEqual(active, recountHours(of, query), `${timezone} ${day}`);
            // Each metric alone is the same as among all.
            for (const metric of ['active_users', 'sessions', 'revenue']) {
              const alone = await ask(api, 'hourly', { app_id, ...range, metrics: metric });
              const values = (rows: Record<string, unknown>[]) => rows.map((row) => row[metric]);
              assert.deepEqual(values(alone.data), values(data), metric);
            }
          }
        },
      ),
      { numRuns: 25, endOnFailure: true },
    );
  });

  it('lists a repeated hour twice, a skipped one not at all, and none after now', async () => {
    const app_id = await makeApp(api, 'America/New_York');
    const count = async (start: string) =>
      (await ask(api, 'hourly', { app_id, start, end: start, metrics: 'events' })).data.length;
    assert.deepEqual(
      [await count('2024-11-03'), await count('2024-03-10'), await count('2024-03-11')],
      [25, 23, 24],
    );
    const { data } = await ask(api, 'hourly', { app_id, days: 1 });
    assert.equal(data.at(-1).hour, '2026-09-01T00:00:00.000Z');
    assert.equal(data[0].hour, '2026-08-31T04:00:00.000Z');
  });

  it('rejects more than 31 days of hours, and accepts 31', async () => {
    const url = (days: number) => `/v1/analytics/hourly?app_id=${api.project.app_id}&days=${days}`;
    const key = api.project.read_only_key;
    assert.equal((await api.call('GET', url(31), { key })).status, 200);
    const refused = await api.call('GET', url(32), { key });
    assert.deepEqual([refused.status, refused.body.errors[0].field], [422, 'days']);
  });

  it('counts people once per range, week and month, rolled up or not, and marks periods that the range cuts', async () => {
    const app_id = await makeApp(api);
    const at = (id: string, user: string, date: string): AppEvent => ({
      event_id: `period-${id}`,
      event_name: 'app_open',
      app_user_id: user,
      timestamp: `${date}T12:00:00Z`,
    });
    const sent = [
      at('1', 'ann', '2024-01-30'),
      at('2', 'ann', '2024-02-02'),
      at('3', 'bob', '2024-02-05'),
      at('4', 'ann', '2024-02-06'),
      at('5', 'eve', '2024-03-01'),
    ];
    await send(api, sent, { appId: app_id });
    const range = { start: '2024-01-31', end: '2024-03-02' };
    const check = async () => {
      const { data } = await ask(api, 'users', { app_id, ...range, interval: 'month' });
      assert.deepEqual(data, [
        { start: '2024-01-31', end: '2024-01-31', users: 0, new_users: 0, partial: true },
        { start: '2024-02-01', end: '2024-02-29', users: 2, new_users: 1, partial: false },
        { start: '2024-03-01', end: '2024-03-02', users: 1, new_users: 1, partial: true },
      ]);
      const whole = await ask(api, 'users', { app_id, ...range });
      const { users, new_users } = recountUsers(sent, { timezone: 'UTC', currency: 'USD', ...range });
      assert.deepEqual([whole.data[0].users, whole.data[0].new_users], [users, new_users]);
      const weeks = await ask(api, 'users', {
        app_id,
        start: '2024-01-29',
        end: '2024-02-11',
        interval: 'week',
      });
      assert.deepEqual(
        weeks.data.map((week: { start: string; users: number; partial: boolean }) => [
          week.start,
          week.users,
          week.partial,
        ]),
        [
          ['2024-01-29', 1, false],
          ['2024-02-05', 2, false],
        ],
      );
    };
    await check();
    await api.server.settleRollups();
    await check();
  });

  it('adds as many days before to daily, users and breakdown if asked to compare', async () => {
    const app_id = await makeApp(api);
    const days = ['2024-05-01', '2024-05-02', '2024-05-03', '2024-05-04'];
    const sent = days.flatMap((day, index) =>
      Array.from(
        { length: index + 1 },
        (_, n): AppEvent => ({
          event_id: `compare-${day}-${n}`,
          event_name: 'app_open',
          app_user_id: `user-${n}`,
          timestamp: `${day}T10:00:00Z`,
        }),
      ),
    );
    await send(api, sent, { appId: app_id });
    const range = { app_id, start: '2024-05-03', end: '2024-05-04', compare: 'previous' };
    const daily = await ask(api, 'daily', range);
    const before = { timezone: 'UTC', currency: 'USD', start: '2024-05-01', end: '2024-05-02' };
    assert.deepEqual(daily.previous, recountDaily(sent, before));
    const users = await ask(api, 'users', range);
    assert.deepEqual([users.data[0].users, users.previous[0].users], [4, 2]);
    const breakdown = await ask(api, 'breakdown', { ...range, by: 'event_name' });
    assert.deepEqual([breakdown.data[0].events, breakdown.previous.data[0].events], [7, 3]);
  });

  it('counts a person of two apps once over all apps, with sessions per app, and only apps that the key reaches', async () => {
    const other = await createOtherProject();
    const event = (id: string, app: string, user: string): AppEvent => ({
      event_id: `all-${id}`,
      event_name: 'app_open',
      app_user_id: user,
      session_id: '1',
      timestamp: '2024-06-01T10:00:00Z',
      appId: app,
    });
    const sent = [
      event('1', other.apps[0], 'ann'),
      event('2', other.apps[1], 'ann'),
      event('3', other.apps[1], 'bob'),
    ];
    for (const { appId = '', ...one } of sent) await send(api, [one], { appId, key: other.key });
    const range = { start: '2024-06-01', end: '2024-06-01' };
    const check = async () => {
      const { data, meta } = await ask(api, 'daily', { app_id: 'all', ...range }, other.key);
      const [day] = data;
      assert.deepEqual([day.dau, day.new_users, day.sessions, day.events, meta.app_id], [2, 2, 3, 3, 'all']);
      const one = await ask(api, 'daily', { app_id: 'all', ...range }, other.limitedKey);
      assert.deepEqual([one.data[0].dau, one.data[0].events], [1, 1]);
    };
    await check();
    await api.server.settleRollups();
    await check();
  });
});

/** Creates a project with two apps, a key for both and a key for the first one. */
async function createOtherProject() {
  const project = await initProject(api.config);
  const key = project.server_key;
  const app = { name: 'Second', platform: 'ios', timezone: 'UTC', currency: 'USD' };
  const made = await api.call('POST', '/v1/apps', { key, body: app });
  assert.equal(made.status, 201, made.text);
  const limited = { type: 'read_only', name: 'One app', app_ids: [project.app_id] };
  const answer = await api.call('POST', '/v1/api-keys', { key, body: limited });
  assert.equal(answer.status, 201, answer.text);
  return { key, apps: [project.app_id, made.body.id] as const, limitedKey: answer.body.key };
}
