import assert from 'node:assert/strict';
import { it } from 'node:test';
import { DAY_MS, HOUR_MS } from '../../src/lib/durations.ts';
import { makeClock, makeKey, startTestServer } from '../support/harness.ts';

const clock = makeClock();
clock.set(Date.UTC(2026, 10, 25, 12));
const api = await startTestServer({}, { clock });
const { server_key: key, app_id } = api.project;
const T0 = Date.UTC(2026, 10, 20, 10);
const iso = (ms: number) => new Date(ms).toISOString();

const EVENTS = [0, 30, 59, 60, 24 * 60].map((minutes, index) => ({
  event_id: `e${index}`,
  event_name: index === 3 ? '$identify' : 'opened',
  app_user_id: 'u1',
  timestamp: iso(T0 + minutes * 60_000),
  properties: index === 3 ? { anonymous_id: 'a1' } : { index },
}));
const sent = await api.call('POST', '/v1/events', { key, body: { events: EVENTS } });
assert.equal(sent.body.accepted, EVENTS.length, sent.text);

async function count(query: Record<string, string>, as = key) {
  const { status, body, text } = await api.call('GET', `/v1/events/histogram?${new URLSearchParams(query)}`, {
    key: as,
  });
  assert.equal(status, 200, text);
  return body;
}

const nonEmpty = ({ data }: { data: { start: string; events: number }[] }) =>
  data.filter(({ events }) => events > 0).map(({ start, events }) => [start.slice(0, 16), events]);

it('counts the events that a search returns, in every hour or day', async () => {
  const hours = await count({ from: iso(T0), to: iso(T0 + 2 * HOUR_MS), interval: 'hour' });
  assert.deepEqual(nonEmpty(hours), [
    ['2026-11-20T10:00', 3],
    ['2026-11-20T11:00', 1],
  ]);
  const days = await count({});
  assert.deepEqual(nonEmpty(days), [
    ['2026-11-20T00:00', 4],
    ['2026-11-21T00:00', 1],
  ]);
  assert.equal(days.data.length, 31);
  assert.deepEqual(days.meta, {
    from: iso(clock.now() - 30 * DAY_MS),
    to: iso(clock.now()),
    interval: 'day',
    timezone: 'UTC',
  });
});

it('applies filters, and counts days in a time zone', async () => {
  assert.deepEqual(nonEmpty(await count({ where: 'index:gt:1', app_id })), [
    ['2026-11-20T00:00', 1],
    ['2026-11-21T00:00', 1],
  ]);
  // 10:59 is 23:59 in Auckland.
  assert.deepEqual(nonEmpty(await count({ event_name: 'opened', timezone: 'Pacific/Auckland' })), [
    ['2026-11-19T11:00', 3],
    ['2026-11-20T11:00', 1],
  ]);
});

it('limits the number of buckets, and names the wrong parameter', async () => {
  const query = async (from: number, interval: string) =>
    api.call('GET', `/v1/events/histogram?from=${iso(from)}&to=${iso(T0)}&interval=${interval}`, { key });
  assert.equal((await query(T0 - 999 * HOUR_MS, 'hour')).status, 200);
  for (const [from, interval, field] of [
    [T0 - 999 * HOUR_MS - 1, 'hour', 'from'],
    [T0 - 1_000 * DAY_MS, 'day', 'from'],
    [T0, 'day', 'to'],
    [T0 - DAY_MS, 'week', 'interval'],
  ] as const) {
    const { status, body } = await query(from, interval);
    assert.deepEqual([status, body.errors?.[0].field], [422, field], `${from} ${interval}`);
  }
});

it('counts only the apps of a restricted key', async () => {
  const body = { name: 'Second', platform: 'web' };
  const { id } = (await api.call('POST', '/v1/apps', { key, body })).body;
  const restricted = await makeKey(api, { type: 'server', app_ids: [id] });
  assert.deepEqual(nonEmpty(await count({ app_id: 'all' }, restricted.key)), []);
  assert.equal(nonEmpty(await count({ app_id: 'all' })).length, 2);
});
