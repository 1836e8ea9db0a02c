import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeClock, startTestServer } from '../support/harness.ts';
import { contributionsFile, readFixture } from '../support/stored-events.ts';
import { ask, makeApp, send } from './analytics-server.ts';
import { dedupe, type PlainEvent, type ReferenceDay, recountDaily } from './reference.ts';

const clock = makeClock();
// Shortly after the newest event, so that none is in the future on any machine.
clock.set(Date.parse('2026-08-23T00:00:00Z'));
const api = await startTestServer({}, { clock });

const ZONES = ['UTC', 'America/St_Johns', 'Asia/Kathmandu'];
const WHOLE_LIFE = { start: '2016-09-01', end: '2026-08-22' };
const BATCH_EVENTS_MAX = 1_000;

/** Mulberry32: the same shuffle at every run, so that a failure can be repeated. */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  let state = seed;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

async function sendAll(events: readonly PlainEvent[], appId: string): Promise<void> {
  const batches: PlainEvent[][] = [];
  for (let from = 0; from < events.length; from += BATCH_EVENTS_MAX) {
    batches.push(events.slice(from, from + BATCH_EVENTS_MAX));
  }
  // In parallel, as phones send: the order of arrival is arbitrary.
  await Promise.all(batches.map((batch) => send(api, batch, { appId })));
}

async function assertEqualsRecount(events: readonly PlainEvent[], appId: string): Promise<void> {
  for (const timezone of ZONES) {
    const { data } = await ask(api, 'daily', { app_id: appId, timezone, ...WHOLE_LIFE });
    const expected = recountDaily(events, { timezone, currency: 'USD', ...WHOLE_LIFE });
    assert.deepEqual(data, expected, timezone);
  }
}

const sum = (data: readonly ReferenceDay[], metric: 'events' | 'new_users') =>
  data.reduce((total, row) => total + row[metric], 0);

test('ten years of real events equal a plain recount, even after two more shuffled deliveries', async () => {
  const files = { a: readFixture(contributionsFile('a')), b: readFixture(contributionsFile('b')) };
  const apps = { a: api.project.app_id, b: await makeApp(api) };
  assert.equal(dedupe([...files.a, ...files.b]).length, files.a.length + files.b.length);
  for (const round of [0, 1, 2]) {
    for (const name of ['a', 'b'] as const) {
      const events = round === 0 ? files[name] : shuffled([...files[name], ...files[name]], round);
      await sendAll(events, apps[name]);
      await assertEqualsRecount(files[name], apps[name]);
    }
  }
  for (const timezone of ZONES) {
    const { data } = await ask(api, 'daily', { app_id: apps.a, timezone, ...WHOLE_LIFE });
    assert.deepEqual([sum(data, 'events'), sum(data, 'new_users')], [4_857, 942]);
    const other = await ask(api, 'daily', { app_id: apps.b, timezone, ...WHOLE_LIFE });
    assert.deepEqual([sum(other.data, 'events'), sum(other.data, 'new_users')], [2_790, 363]);
  }
});

test('each day has the same values in a part of the range as in the whole range', async () => {
  const app_id = api.project.app_id;
  for (const timezone of ZONES) {
    const whole = await ask(api, 'daily', { app_id, timezone, ...WHOLE_LIFE });
    for (const [start, end] of [
      ['2020-02-29', '2020-02-29'],
      ['2021-10-15', '2022-04-15'],
      ['2026-08-01', '2026-08-22'],
    ] as const) {
      const { data } = await ask(api, 'daily', { app_id, timezone, start, end });
      const rows = whole.data.filter(({ date }: ReferenceDay) => date >= start && date <= end);
      assert.deepEqual(data, rows, `${timezone} ${start} ${end}`);
    }
  }
});
