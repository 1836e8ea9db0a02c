import assert from 'node:assert/strict';
import { it } from 'node:test';
import { cleanUp } from '../../test/support/clean-up.ts';
import { makeClock } from '../../test/support/harness.ts';
import { createTestStore, eventRow } from '../../test/support/warehouse-store.ts';
import type { Project } from '../directory/project.ts';
import { DAY_MS } from '../lib/durations.ts';
import { openLog } from '../lib/log.ts';
import { deleteOldEvents, findRetainedFrom } from './retention.ts';

const clock = makeClock();
clock.set(Date.UTC(2026, 4, 20, 15));
const store = await createTestStore();
const warehouse = await store.open();
cleanUp(async () => {
  await warehouse.close();
  await store.remove();
});

const MIDNIGHT = Date.UTC(2026, 4, 13);
const project = { id: 'proj_a', retentionDays: 7 } as Project;
const invalidated: [string, number[]][] = [];
const services = {
  ...{ warehouse, clock, log: openLog('silent'), directory: { listProjects: () => [project] } },
  invalidateDays: async ({ id }: { id: string }, days: readonly number[]) => {
    invalidated.push([id, [...days]]);
  },
};

const ids = async () => {
  const rows = await warehouse.query<{ event_id: string }>('SELECT event_id FROM events ORDER BY event_id');
  return rows.map(({ event_id }) => event_id);
};

it('keeps events of whole days, UTC, and all of them without a setting', () => {
  assert.equal(findRetainedFrom({ retentionDays: 7 }, clock.now()), MIDNIGHT);
  assert.equal(findRetainedFrom({ retentionDays: 7 }, MIDNIGHT + 8 * DAY_MS - 1), MIDNIGHT);
  assert.equal(findRetainedFrom({ retentionDays: 7 }, MIDNIGHT + 8 * DAY_MS), MIDNIGHT + DAY_MS);
  assert.equal(findRetainedFrom({ retentionDays: null }, clock.now()), undefined);
});

it('deletes events to the millisecond, of this project only, and derives their days again', async () => {
  await warehouse.append([
    eventRow({ event_id: 'old', timestamp: MIDNIGHT - 1 }),
    eventRow({ event_id: 'kept', timestamp: MIDNIGHT, app_user_id: 'user_b' }),
    eventRow({ event_id: 'theirs', timestamp: MIDNIGHT - 1, project_id: 'proj_b' }),
  ]);
  assert.equal(await deleteOldEvents(services, { ...project, retentionDays: null }), 0);
  assert.equal(await deleteOldEvents(services, project), 1);
  assert.deepEqual(await ids(), ['kept', 'theirs']);
  const day = MIDNIGHT / DAY_MS - 1;
  const expected = ['app_a', [day - 1, day, day + 1]];
  assert.deepEqual(invalidated, [expected, expected], 'before and after');
  const users = await warehouse.query('SELECT project_id, app_user_id FROM users ORDER BY project_id');
  assert.deepEqual(users, [
    { project_id: 'proj_a', app_user_id: 'user_b' },
    { project_id: 'proj_b', app_user_id: 'user_a' },
  ]);
  assert.equal(await deleteOldEvents(services, project), 0);
  assert.deepEqual(warehouse.listProblems(), []);
});

it('keeps what was said about people as long as they have events, also after a rebuild', async () => {
  const identify = (id: string, anonymous_id: string, timestamp: number) =>
    eventRow({
      ...{ project_id: 'proj_c', event_id: `i_${id}`, event_name: '$identify', app_user_id: id, timestamp },
      properties: JSON.stringify({ anonymous_id, $set: { plan: 'pro' } }),
    });
  const opened = (app_user_id: string, timestamp: number) =>
    eventRow({ project_id: 'proj_c', event_id: `${app_user_id}_${timestamp}`, app_user_id, timestamp });
  await warehouse.append([
    ...[
      identify('ann', 'anon_1', MIDNIGHT - 5),
      opened('ann', MIDNIGHT - 5),
      opened('anon_1', MIDNIGHT - 7),
      opened('anon_1', MIDNIGHT),
    ],
    ...[identify('bob', 'anon_2', MIDNIGHT - 5), opened('bob', MIDNIGHT - 4), opened('anon_2', MIDNIGHT - 3)],
  ]);
  // A chain of which only the first ID has events, and an ID that was also linked to someone who has.
  await warehouse.append([
    ...[identify('mid', 'anon_3', MIDNIGHT - 9), identify('end', 'mid', MIDNIGHT - 8)],
    ...[opened('anon_3', MIDNIGHT + 1), opened('end', MIDNIGHT - 8)],
    ...[identify('tim', 'anon_4', MIDNIGHT - 9), identify('uma', 'anon_4', MIDNIGHT - 8)],
    ...[opened('tim', MIDNIGHT - 9), opened('uma', MIDNIGHT + 2)],
  ]);
  await deleteOldEvents(services, { ...project, id: 'proj_c' });
  assert.deepEqual(await warehouse.query('SELECT id FROM forgotten_ids'), []);
  const read = async () => ({
    links: await warehouse.query("SELECT DISTINCT id FROM links WHERE project_id = 'proj_c' ORDER BY id"),
    persons: await warehouse.query(
      "SELECT id, person FROM person_ids FINAL WHERE project_id = 'proj_c' ORDER BY id",
    ),
    properties: await warehouse.query(
      "SELECT DISTINCT app_user_id FROM user_properties WHERE project_id = 'proj_c' ORDER BY app_user_id",
    ),
    firstSeen: await warehouse.query(
      `SELECT app_user_id, toUnixTimestamp64Milli(min(first_seen)) - ${MIDNIGHT} AS first FROM users
       WHERE project_id = 'proj_c' GROUP BY app_user_id ORDER BY app_user_id`,
    ),
  });
  const kept = await read();
  assert.deepEqual(kept, {
    links: ['ann', 'anon_1', 'anon_3', 'end', 'mid'].map((id) => ({ id })),
    persons: [
      { id: 'anon_1', person: 'ann' },
      { id: 'anon_3', person: 'end' },
      { id: 'mid', person: 'end' },
    ],
    properties: ['ann', 'end', 'mid', 'uma'].map((app_user_id) => ({ app_user_id })),
    // Also of IDs without events: someone who was seen before is not new.
    firstSeen: [
      { app_user_id: 'ann', first: '-5' },
      { app_user_id: 'anon_1', first: '-7' },
      { app_user_id: 'anon_3', first: '1' },
      { app_user_id: 'end', first: '-8' },
      { app_user_id: 'uma', first: '2' },
    ],
  });
  // Accepted until the next deletion; it changes nothing of what is kept.
  await warehouse.append([opened('late', MIDNIGHT - 50)]);
  const withLate = await read();
  await warehouse.rebuild(() => {});
  assert.deepEqual(await read(), withLate);
  await warehouse.rebuild(() => {}, { projectId: 'proj_c' });
  assert.deepEqual(await read(), withLate);
});
