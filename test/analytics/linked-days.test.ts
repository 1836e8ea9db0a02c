import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDays } from '../../src/analytics/daily-rows.ts';
import { parseDay } from '../../src/lib/calendar.ts';
import { cleanUp } from '../support/clean-up.ts';
import { connect, initProject, LIMITS_OFF, makeClock, makeConfig } from '../support/harness.ts';
import { type OpenServer, startOpenServer } from '../support/open-server.ts';

const clock = makeClock();
clock.set(Date.UTC(2026, 8, 1));
const config = makeConfig(LIMITS_OFF);
const project = await initProject(config);
const DAYS = ['2026-08-01', '2026-08-02', '2026-08-03'] as const;
let server: OpenServer = await startOpenServer(config, clock);
cleanUp(() => server.stop());

async function store(...events: object[]): Promise<void> {
  const key = project.server_key;
  const answer = await connect(server.url).call('POST', '/v1/events', { key, body: { events } });
  assert.deepEqual([answer.status, answer.body.accepted], [200, events.length], answer.text);
}

let count = 0;
/** One event of a user on each of the days, in a session whose ID others have too. */
function onDays(user: string, ...days: string[]): object[] {
  return days.map((day) => {
    count += 1;
    const fields = { event_id: `e${count}`, event_name: 'app_open', app_user_id: user, session_id: 's1' };
    return { ...fields, timestamp: `${day}T12:00:00Z` };
  });
}

function link(anonymous_id: string, app_user_id: string): object {
  const [event] = onDays(app_user_id, '2026-08-31');
  return { ...event, event_name: '$identify', properties: { anonymous_id } };
}

/** Requires the users and sessions of each day, by a query that needs no row of a whole day but those of linked users. */
async function requireCounts(dau: readonly number[], sessions: readonly number[] = dau): Promise<void> {
  const path = `/v1/analytics/daily?start=${DAYS[0]}&end=${DAYS[2]}&metrics=dau,sessions,events`;
  const { body, text } = await connect(server.url).call('GET', path, { key: project.server_key });
  const rows = body.data as { dau: number; sessions: number }[];
  assert.deepEqual([rows.map((row) => row.dau), rows.map((row) => row.sessions)], [dau, sessions], text);
}

const find = () =>
  server.services.rollups.find({ id: project.app_id, projectId: project.project_id }, 'UTC', {
    first: parseDay(DAYS[0]),
    last: parseDay(DAYS[2]),
  });

/** Requires that all days are whole, and each row of the users in links was copied once. */
async function requireCopied(users: number): Promise<void> {
  const found = find();
  assert.deepEqual([found?.rolled.size, found?.changed.size, found?.newLinks], [3, 0, []]);
  const [row] = await server.services.warehouse.query<{ rows: string; distinct: string; users: string }>(
    `SELECT count() AS rows, uniqExact(day, version, user) AS distinct, uniqExact(user) AS users FROM linked_days`,
  );
  assert.deepEqual([row?.rows, row?.users], [row?.distinct, String(users)]);
}

test('IDs that are linked after their days were rolled up count as one person, before and after their rows are copied', async () => {
  await store(...onDays('ann', ...DAYS), ...onDays('bob', ...DAYS), ...onDays('device', DAYS[0], DAYS[1]));
  await server.services.rollups.settle();
  await requireCounts([3, 3, 2]);
  await requireCopied(0);
  await store(link('device', 'ann'));
  assert.deepEqual(find()?.newLinks, ['device', 'ann']);
  await requireCounts([2, 2, 2]);
  await server.services.rollups.settle();
  await requireCopied(2);
  await requireCounts([2, 2, 2]);
});

test('an ID whose rows were copied counts once when it is linked again', async () => {
  await store(link('tablet', 'ann'), ...onDays('tablet', DAYS[2]));
  await requireCounts([2, 2, 2]);
  await server.services.rollups.settle();
  await requireCopied(3);
  await requireCounts([2, 2, 2]);
});

test('rows of linked IDs follow a day that is derived again', async () => {
  await store(...onDays('eve', DAYS[0]), ...onDays('tablet', DAYS[0]));
  await requireCounts([3, 2, 2]);
  await server.services.rollups.settle();
  await requireCopied(3);
  await requireCounts([3, 2, 2]);
});

test('a row that was copied twice counts once', async () => {
  await server.services.warehouse.maintenance.command('INSERT INTO linked_days SELECT * FROM linked_days');
  await server.services.rollups.invalidate({ id: project.app_id, projectId: project.project_id }, []);
  await requireCounts([3, 2, 2]);
});

test('a restart copies the rows of all linked IDs again', async () => {
  await server.stop();
  server = await startOpenServer(config, clock);
  await requireCounts([3, 2, 2]);
  await server.services.rollups.settle();
  await requireCopied(3);
  await requireCounts([3, 2, 2]);
});

test('more new links than are looked for one by one are counted right, and copied', async () => {
  const links = Array.from({ length: 600 }, (_, index) => link(`phone_${index}`, `user_${index}`));
  await store(...links.slice(0, 300), ...onDays('phone_0', DAYS[0]), ...onDays('user_0', DAYS[0]));
  await store(...links.slice(300));
  assert.equal(find()?.newLinks, undefined);
  await requireCounts([4, 2, 2]);
  await server.services.rollups.settle();
  await requireCopied(5);
  await requireCounts([4, 2, 2]);
});

test('an earlier link that moves an ID to another person counts immediately', async () => {
  await store(link('mouse', 'ann'), ...onDays('mouse', DAYS[1]));
  await server.services.rollups.settle();
  await requireCounts([4, 2, 2]);
  await store({ ...link('mouse', 'eve'), timestamp: '2026-08-30T12:00:00Z' });
  await requireCounts([4, 3, 2]);
  await server.services.rollups.settle();
  await requireCounts([4, 3, 2]);
  // A repeated link that is the earliest one.
  await store({ ...link('mouse', 'ann'), timestamp: '2026-08-29T12:00:00Z' });
  await requireCounts([4, 2, 2]);
  await server.services.rollups.settle();
  await requireCounts([4, 2, 2]);
});

/** Counts the queries that the same metrics need. */
async function countQueries(): Promise<number> {
  const { warehouse, rollups, directory } = server.services;
  const app = directory.findApp(project.app_id) ?? assert.fail();
  const scope = { projectId: project.project_id, apps: [app] as const, appId: app.id, timezone: 'UTC' };
  const options = { currency: 'USD', filters: {}, includesUnverifiedRevenue: true, retentionDays: null };
  const range = { first: parseDay(DAYS[0]), last: parseDay(DAYS[2]) };
  const query = { ...scope, ...options, hasLinks: true, range };
  let queries = 0;
  const counting: typeof warehouse.query = (...args) => {
    queries += 1;
    return warehouse.query(...args);
  };
  const metrics = ['dau', 'sessions', 'events', 'revenue'] as const;
  const services = { warehouse: { query: counting }, rollups };
  await readDays(services, query, metrics, new AbortController().signal);
  return queries;
}

test('metrics of days need no query until they are derived again, or the persons of IDs may have changed', async () => {
  assert.equal(await countQueries(), 0);
  await store({ ...link('mouse', 'ann'), timestamp: '2026-08-31T13:00:00Z' });
  assert.deepEqual(find()?.newLinks, [], 'a link that was there earlier');
  assert.equal(await countQueries(), 0);
  await store(link('cat', 'ann'));
  assert.equal(await countQueries(), 1);
  assert.equal(await countQueries(), 0);
  await server.services.rollups.settle();
  assert.equal(await countQueries(), 0);
  await server.services.rollups.invalidate({ id: project.app_id, projectId: project.project_id }, []);
  assert.equal(await countQueries(), 1);
  assert.equal(await countQueries(), 0);
  await store(...onDays('cat', DAYS[0]));
  await server.services.rollups.settle();
  await requireCounts([4, 2, 2]);
  assert.equal(await countQueries(), 0);
});

test('after a deletion, links that are sent again are looked for again', async () => {
  await server.services.rollups.invalidate({ id: project.app_id, projectId: project.project_id }, []);
  await store({ ...link('mouse', 'ann'), timestamp: '2026-08-31T14:00:00Z' });
  assert.deepEqual(find()?.newLinks, ['mouse', 'ann']);
});
