import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseDay } from '../../src/lib/calendar.ts';
import { listTables } from '../storage/damage/list-tables.ts';
import { cleanUp } from '../support/clean-up.ts';
import { connect, initProject, LIMITS_OFF, makeClock, makeConfig } from '../support/harness.ts';
import { type OpenServer, startOpenServer } from '../support/open-server.ts';
import { type PlainEvent, recountDaily } from './reference.ts';

const clock = makeClock();
clock.set(Date.UTC(2026, 8, 1));
const config = makeConfig(LIMITS_OFF);
const project = await initProject(config);
const RANGE = { start: '2026-08-01', end: '2026-08-05' };
const DAYS = { first: parseDay(RANGE.start), last: parseDay(RANGE.end) };

let server: OpenServer = await startOpenServer(config, clock);
cleanUp(() => server.stop());
const sent: PlainEvent[] = [];

async function restart(between: () => void = () => {}): Promise<void> {
  await server.stop();
  between();
  server = await startOpenServer(config, clock);
}

async function store(...events: PlainEvent[]): Promise<void> {
  sent.push(...events);
  const body = { events };
  const answer = await connect(server.url).call('POST', '/v1/events', { key: project.server_key, body });
  assert.deepEqual([answer.status, answer.body.accepted], [200, events.length], answer.text);
}

function event(id: number, user: string, date: string, hour = 12): PlainEvent {
  const timestamp = `${date}T${String(hour).padStart(2, '0')}:00:00Z`;
  return { event_id: `e${id}`, event_name: 'app_open', app_user_id: user, session_id: '1', timestamp };
}

async function requireRecount(timezone = 'UTC'): Promise<void> {
  const query = new URLSearchParams({ ...RANGE, timezone });
  const { body, text } = await connect(server.url).call('GET', `/v1/analytics/daily?${query}`, {
    key: project.server_key,
  });
  assert.deepEqual(body.data, recountDaily(sent, { timezone, currency: 'USD', ...RANGE }), text);
}

/** How many days of the range are rolled up, and how many have events that are not; undefined if none can be used. */
function countDays(timezone = 'UTC'): [rolled: number, changed: number] | undefined {
  const found = server.services.rollups.find(
    { id: project.app_id, projectId: project.project_id },
    timezone,
    DAYS,
  );
  return found && [found.rolled.size, found.changed.size];
}

test('days are rolled up once, and late events are added to them until they are derived again', async () => {
  await store(event(1, 'ann', '2026-08-01'), event(2, 'bob', '2026-08-02'), event(3, 'ann', '2026-08-02'));
  await requireRecount();
  await server.services.rollups.settle();
  assert.deepEqual(countDays(), [2, 0]);
  await requireRecount();
  await store(event(4, 'eve', '2026-08-01', 3), event(5, 'ann', '2026-08-04'));
  assert.deepEqual(countDays(), [2, 2]);
  await requireRecount();
  await server.services.rollups.settle();
  assert.deepEqual(countDays(), [3, 0]);
  await requireRecount();
});

test('a restart reads what is rolled up, and finds what has changed since', async () => {
  await store(event(6, 'bob', '2026-08-05'));
  await restart();
  assert.equal(countDays(), undefined, 'until they are checked, they are not used');
  await requireRecount();
  await server.services.rollups.settle();
  assert.deepEqual(countDays(), [4, 0]);
  await requireRecount();
});

test('days whose rows are gone are derived again', async () => {
  for (const table of ['user_days', 'revenue_days', 'user_day_values', 'rollup_days']) {
    await restart(() => {
      const folder = listTables(join(config.dataDir, 'events')).get(table)?.folder ?? '';
      for (const name of readdirSync(folder))
        if (/^all_/.test(name)) rmSync(join(folder, name), { recursive: true });
    });
    await requireRecount();
    await server.services.rollups.settle();
    assert.deepEqual(countDays(), [4, 0], table);
    await requireRecount();
  }
});

test('another time zone of the app means other days', async () => {
  const body = { timezone: 'Asia/Tokyo' };
  const key = project.server_key;
  const answer = await connect(server.url).call('PATCH', `/v1/apps/${project.app_id}`, { key, body });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(countDays('Asia/Tokyo'), undefined);
  await requireRecount('Asia/Tokyo');
  await server.services.rollups.settle();
  assert.deepEqual(countDays('Asia/Tokyo'), [4, 0]);
  await requireRecount('Asia/Tokyo');
  assert.equal(countDays('UTC'), undefined);
  await requireRecount('UTC');
});

test('an invalidated day is read from the events, also after a restart, until it is derived again', async () => {
  const app = { id: project.app_id, projectId: project.project_id };
  await server.services.rollups.invalidate(app, [DAYS.first]);
  assert.deepEqual(countDays('Asia/Tokyo'), [3, 1]);
  await requireRecount('Asia/Tokyo');
  await restart();
  await requireRecount('Asia/Tokyo');
  await server.services.rollups.settle();
  assert.deepEqual(countDays('Asia/Tokyo'), [4, 0]);
  await requireRecount('Asia/Tokyo');
});

test('a restart in the middle of a change of the time zone loses no day', async () => {
  const app = { id: project.app_id, projectId: project.project_id };
  const body = { timezone: 'America/New_York' };
  const key = project.server_key;
  const answer = await connect(server.url).call('PATCH', `/v1/apps/${project.app_id}`, { key, body });
  assert.equal(answer.status, 200, answer.text);
  // Stores one day in the new zone; the rest are still stored in the earlier one.
  await server.services.rollups.invalidate(app, [DAYS.first]);
  await restart();
  await requireRecount('America/New_York');
  await server.services.rollups.settle();
  assert.deepEqual(countDays('America/New_York')?.[1], 0);
  await requireRecount('America/New_York');
});
