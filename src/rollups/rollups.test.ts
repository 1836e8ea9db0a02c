import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainApp } from '../../test/support/app.ts';
import { eventRow, openTestWarehouse } from '../../test/support/warehouse-store.ts';
import { systemClock } from '../lib/clock.ts';
import { DAY_MS } from '../lib/durations.ts';
import { openLog } from '../lib/log.ts';
import { openRollups, type Rollups } from './rollups.ts';
import type { RollupServices } from './state.ts';

const warehouse = await openTestWarehouse();

const APP = plainApp();
const directory: RollupServices['directory'] = {
  listProjects: () => [],
  listApps: () => [],
  findApp: () => APP,
};
const FIRST_DAY = 20_000;

/** Opens rollups. After their query number `at`, and before they see its answer, an event of the day `FIRST_DAY + at` is stored. */
function openInterrupted(at: number): { rollups: Rollups; countQueries: () => number } {
  let queries = 0;
  const query: typeof warehouse.maintenance.query = async (...args) => {
    const rows = await warehouse.maintenance.query(...args);
    queries += 1;
    const row = eventRow({ event_id: `e${at}`, timestamp: (FIRST_DAY + at) * DAY_MS });
    if (queries === at) await warehouse.append([row]);
    return rows as never;
  };
  const maintenance = { ...warehouse.maintenance, query };
  const services = { directory, clock: systemClock(), log: openLog('silent') };
  const rollups = openRollups({ ...services, warehouse: { ...warehouse, maintenance } });
  return { rollups, countQueries: () => queries };
}

/** Counts the events of a day as queries do: from its rollup, and those of later blocks. */
async function countEvents(rollups: Rollups, day: number): Promise<number> {
  const found = rollups.find(APP, 'UTC', { first: day, last: day });
  const { version = 0, block = 0 } = found?.rolled.get(day) ?? {};
  const hasRaw = found === undefined || found.changed.has(day);
  const [row] = await warehouse.query<{ count: string }>(
    `SELECT (SELECT sum(events) FROM user_days WHERE day = {day:Int32} AND version = {version:UInt64})
      + (SELECT count() FROM events WHERE timestamp = {time:DateTime64(3)} AND block > {block:UInt64} AND {has_raw:Bool}) AS count`,
    { day, version, time: new Date(day * DAY_MS), block, has_raw: hasRaw },
  );
  return Number(row?.count);
}

test('an event that is stored at any moment while rollups start is counted once', async () => {
  for (let at = 1, more = true; more; at += 1) {
    const { rollups, countQueries } = openInterrupted(at);
    await rollups.settle();
    more = countQueries() >= at;
    if (more) assert.equal(await countEvents(rollups, FIRST_DAY + at), 1, `after query ${at}`);
    await rollups.settle();
    if (more) assert.equal(await countEvents(rollups, FIRST_DAY + at), 1, `after query ${at}, derived again`);
    await rollups.close();
    assert.ok(at < 100);
  }
});

test('all days are listed up to a block only if no event of an earlier block appeared meanwhile', async () => {
  const readBlock = async () => {
    const [row] = await warehouse.query<{ block: string }>(
      "SELECT argMax(block, written) AS block FROM rollup_days WHERE project_id = ''",
    );
    return Number(row?.block);
  };
  let onStored: Parameters<typeof warehouse.onStored>[0] = assert.fail;
  let isLate = false;
  const query: typeof warehouse.maintenance.query = async (...args) => {
    // As on a server, where a block can be seen before its rows are noted.
    if (isLate) onStored([eventRow({ event_id: 'earlier', timestamp: FIRST_DAY * DAY_MS })], 1);
    isLate = false;
    return await warehouse.maintenance.query(...args);
  };
  const rollups = openRollups({
    ...{ directory, clock: systemClock(), log: openLog('silent') },
    warehouse: {
      ...warehouse,
      maintenance: { ...warehouse.maintenance, query },
      onStored(listener) {
        onStored = listener;
        warehouse.onStored(listener);
      },
    },
  });
  await rollups.settle();
  const before = await readBlock();
  await warehouse.append([eventRow({ event_id: 'late', timestamp: FIRST_DAY * DAY_MS })]);
  isLate = true;
  await rollups.settle();
  assert.equal(await readBlock(), before);
  await rollups.settle();
  assert.ok((await readBlock()) > before);
  await rollups.close();
});

for (const moment of ['after', 'while'] as const) {
  test(`a version that other nodes may still read is not replaced when its day is forgotten here ${moment} it is stored`, async () => {
    const day = FIRST_DAY - (moment === 'after' ? 1 : 2);
    const row = eventRow({ event_id: moment, timestamp: day * DAY_MS });
    let onStored: Parameters<typeof warehouse.onStored>[0] = assert.fail;
    let isLate = false;
    const command: typeof warehouse.maintenance.command = async (...args) => {
      await warehouse.maintenance.command(...args);
      // As on a server, where a block can be seen before its rows are noted.
      if (isLate && args[0].startsWith('INSERT INTO rollup_days')) onStored([row], 1);
    };
    const rollups = openRollups({
      ...{ directory, clock: systemClock(), log: openLog('silent') },
      warehouse: {
        ...warehouse,
        maintenance: { ...warehouse.maintenance, command },
        onStored(listener) {
          onStored = listener;
          warehouse.onStored(listener);
        },
      },
    });
    await rollups.settle();
    await warehouse.append([row]);
    isLate = moment === 'while';
    await rollups.settle();
    isLate = false;
    if (moment === 'after') onStored([row], 1);
    const [stored] = await warehouse.query<{ version: string }>(
      'SELECT argMax(version, written) AS version FROM rollup_days WHERE day = {day:Int32}',
      { day },
    );
    await rollups.settle();
    await warehouse.maintenance.command('OPTIMIZE TABLE user_days FINAL');
    const [left] = await warehouse.query<{ count: string }>(
      'SELECT count() AS count FROM user_days WHERE day = {day:Int32} AND version = {version:UInt64}',
      { day, version: Number(stored?.version) },
    );
    assert.equal(Number(left?.count), 1);
    await rollups.close();
  });
}
