import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { eventRow, insertOnly, makeLogFolder, useTestGateway } from '../../test/support/warehouse-store.ts';
import { createBlockStore } from './block-store.ts';
import type { EventRow } from './event-row.ts';
import { rowFileIn } from './log/row-file.ts';
import { encodeBlock } from './logged-block.ts';

const DAY_START = Date.UTC(2026, 0, 1);
const gateway = useTestGateway();
let block = 0;
let project_id = '';

beforeEach(() => {
  block += 1;
  project_id = `proj_${block}`;
});

const row = (event_id: string, part: Partial<EventRow> = {}) => eventRow({ project_id, event_id, ...part });
const folder = makeLogFolder();
const store = () => createBlockStore(gateway, { withRows: rowFileIn(folder) });
const listParts = () =>
  gateway.query(
    "SELECT table, name FROM system.parts WHERE table IN ('users', 'event_ids') AND active ORDER BY table, name",
  );
const listUsers = () =>
  gateway.query(
    `SELECT app_user_id AS user, toUnixTimestamp64Milli(min(first_seen)) AS first,
      toUnixTimestamp64Milli(max(last_seen)) AS last
    FROM users WHERE project_id = {project_id:String} GROUP BY app_user_id ORDER BY app_user_id`,
    { project_id },
  );

test('writes nothing when nothing is missing', async () => {
  const rows = [row('a', { timestamp: DAY_START + 2_000 }), row('b', { app_user_id: 'other' })];
  await store().insertNew([encodeBlock(block, rows)]);
  const before = await listParts();
  assert.equal(await store().repair(), block);
  assert.deepEqual(await listParts(), before);
});

test('derives users of the last block that are missing, or seen earlier or later than is derived', async () => {
  const rows = [
    row('a', { app_user_id: 'missing', timestamp: DAY_START + 5_000 }),
    row('b', { app_user_id: 'earlier', timestamp: DAY_START + 1_000 }),
    row('c', { app_user_id: 'later', timestamp: DAY_START + 9_000 }),
  ];
  await insertOnly(gateway, ['events'], [encodeBlock(block, rows)]);
  const derived = [
    row('a', { app_user_id: 'earlier', timestamp: DAY_START + 5_000 }),
    row('b', { app_user_id: 'later', timestamp: DAY_START + 5_000 }),
    row('c', { app_user_id: 'later', timestamp: DAY_START + 5_000 }),
  ];
  await insertOnly(gateway, ['event_ids', 'users'], [encodeBlock(block, derived)]);
  for (const part of rows.keys()) {
    assert.equal(await store().repair(), block, `attempt ${part}`);
    const users = (await listUsers()) as { user: string; first: string; last: string }[];
    assert.deepEqual(
      users.map(({ user, first, last }) => [user, Number(first) - DAY_START, Number(last) - DAY_START]),
      [
        ['earlier', 1_000, 5_000],
        ['later', 5_000, 9_000],
        ['missing', 5_000, 5_000],
      ],
    );
  }
});

test('completes an insert of several blocks that was cut short, each event and id once', async () => {
  // Two blocks of two years each, inserted together: the engine had stored one year, and the ids of that.
  const [first, second] = [block + 1, block + 2];
  block += 2;
  const old = { timestamp: Date.UTC(2025, 0, 1) };
  const blocks = [
    { block: first, rows: [row('a', old), row('b')] },
    { block: second, rows: [row('c', old), row('d', { app_user_id: 'late' }), row('a')] },
  ];
  const stored = [row('a', old), row('c', old)];
  for (const [kept, isDerived] of [
    [1, false],
    [2, false],
    [2, true],
  ] as const) {
    project_id = `proj_cut_${kept}_${isDerived}`;
    const moved = blocks.map(({ rows, block: number }) => {
      const own = rows.map((one) => ({ ...one, project_id }));
      return encodeBlock(number, own);
    });
    const part = stored.slice(0, kept).map((one) => ({ ...one, project_id }));
    const tables = isDerived ? (['events', 'event_ids', 'users'] as const) : (['events'] as const);
    await insertOnly(
      gateway,
      tables,
      part.map((one, index) => encodeBlock(first + index, [one])),
    );
    for (const _ of [1, 2]) {
      await store().repair(first);
      await store().insertMissing(moved);
    }
    const [found] = await gateway.query(
      `SELECT (SELECT arraySort(groupArray(event_id)) FROM events WHERE project_id = {project_id:String}) AS events,
        (SELECT arraySort(groupArray(event_id)) FROM event_ids WHERE project_id = {project_id:String}) AS ids,
        (SELECT uniqExact(app_user_id) FROM users WHERE project_id = {project_id:String}) AS users`,
      { project_id },
    );
    assert.deepEqual(found, { events: ['a', 'b', 'c', 'd'], ids: ['a', 'b', 'c', 'd'], users: '2' });
  }
});

test('derives the ids of the highest block that are missing, each once, without deleting any', async () => {
  const rows = [row('a'), row('b'), row('c')];
  await insertOnly(gateway, ['events'], [encodeBlock(block, rows)]);
  await insertOnly(gateway, ['event_ids', 'users'], [encodeBlock(block, rows.slice(0, 1))]);
  const commands: string[] = [];
  const watched: typeof gateway = {
    ...gateway,
    async command(sql, body) {
      commands.push(sql);
      await gateway.command(sql, body);
    },
  };
  for (const _ of [1, 2]) {
    assert.equal(await createBlockStore(watched, { withRows: rowFileIn(folder) }).repair(), block);
    const ids = await gateway.query(
      'SELECT event_id FROM event_ids WHERE project_id = {project_id:String} ORDER BY event_id',
      { project_id },
    );
    assert.deepEqual(ids, [{ event_id: 'a' }, { event_id: 'b' }, { event_id: 'c' }]);
  }
  assert.equal(commands.length, 1);
  assert.ok(commands.every((sql) => !/DELETE/.test(sql)));
});
