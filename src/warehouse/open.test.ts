import assert from 'node:assert/strict';
import { before, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { cleanUp } from '../../test/support/clean-up.ts';
import { dieAfterExchange } from '../../test/support/die-after-exchange.ts';
import { createTestStore, eventRow, type TestStore } from '../../test/support/warehouse-store.ts';
import { systemClock } from '../lib/clock.ts';
import { StorageError } from '../lib/errors.ts';
import { openLog } from '../lib/log.ts';
import { embedded } from './engine/embedded.ts';
import { openGateway } from './engine/gateway.ts';
import { EVENT_COLUMNS } from './event-columns.ts';
import type { EventRow } from './event-row.ts';
import { openIntegrity } from './integrity/integrity.ts';
import { readLedger, writeLedger } from './integrity/ledger.ts';
import { openWarehouse, type Warehouse } from './open.ts';

let store: TestStore;
let warehouse: Warehouse;
let project = 0;
/** A separate project for each test. */
let project_id = '';

before(async () => {
  store = await createTestStore();
  warehouse = await store.open();
});

cleanUp(async () => {
  await warehouse.close();
  await store.remove();
});

beforeEach(() => {
  project += 1;
  project_id = `proj_${project}`;
});

async function restart(meanwhile?: () => Promise<void>): Promise<void> {
  await warehouse.close();
  await meanwhile?.();
  warehouse = await store.open();
}

function row(event_id: string, part: Partial<EventRow> = {}): EventRow {
  return eventRow({ project_id, event_id, ...part });
}

async function storedIds(): Promise<string[]> {
  const sql = 'SELECT event_id FROM events WHERE project_id = {project_id:String} ORDER BY event_id';
  return (await warehouse.query<{ event_id: string }>(sql, { project_id })).map((one) => one.event_id);
}

async function users(): Promise<unknown[]> {
  const sql = `SELECT app_user_id AS user, toUnixTimestamp64Milli(min(first_seen)) AS first,
    toUnixTimestamp64Milli(max(last_seen)) AS last FROM users
    WHERE project_id = {project_id:String} GROUP BY app_user_id ORDER BY app_user_id`;
  return await warehouse.query(sql, { project_id });
}

test('returns every event in the next query, each column unchanged', async () => {
  const given: EventRow = row('e', {
    app_id: 'app_b',
    event_name: 'purchase',
    app_user_id: 'o\'\\"\n\t\0😀 {x:String}',
    session_id: 's',
    timestamp: Date.UTC(2000, 0, 1, 0, 0, 0, 1),
    received_at: Date.UTC(2026, 10, 22, 10, 0, 0, 999),
    properties: JSON.stringify({ text: '"]\n[\\u0000', deep: { x: [1, null] } }),
    revenue: '-123456789012345678.123456',
    currency: 'USD',
    verified: 0,
  });
  await warehouse.append([given]);
  const columns = EVENT_COLUMNS.map((name) =>
    name.endsWith('d_at') || name === 'timestamp' ? `toUnixTimestamp64Milli(e.${name}) AS ${name}` : name,
  );
  const sql = `SELECT ${columns.join(', ')} FROM events AS e WHERE project_id = {project_id:String}`;
  const [stored] = await warehouse.query<Record<string, unknown>>(sql, { project_id });
  assert.deepEqual(
    { ...stored, timestamp: Number(stored?.timestamp), received_at: Number(stored?.received_at) },
    given,
  );
});

test('counts an event once within an append, across parallel appends and later', async () => {
  assert.deepEqual(await warehouse.append([row('a'), row('a'), row('b')]), [true, false, true]);
  const both = await Promise.all([warehouse.append([row('c')]), warehouse.append([row('c'), row('a')])]);
  assert.deepEqual(both, [[true], [false, false]]);
  assert.deepEqual(await warehouse.append([row('b'), row('d')]), [false, true]);
  assert.deepEqual(await storedIds(), ['a', 'b', 'c', 'd']);
});

test('counts an event once across restarts, and keeps the first', async () => {
  await warehouse.append([row('a', { event_name: 'first' })]);
  await restart();
  assert.deepEqual(await warehouse.append([row('a', { event_name: 'second' })]), [false]);
  await restart();
  const sql = 'SELECT event_name FROM events WHERE project_id = {project_id:String}';
  assert.deepEqual(await warehouse.query(sql, { project_id }), [{ event_name: 'first' }]);
});

test('counts an id once for each project and app, and apart for client and server keys', async () => {
  const fromClient = row('a', { verified: 0 });
  const fromServer = row('a');
  const elsewhere = [row('a', { app_id: 'app_b' }), row('a', { project_id: `${project_id}_other` })];
  // Within one append, across parallel ones, later, and after a restart.
  assert.deepEqual(await warehouse.append([fromClient, fromServer, fromClient]), [true, true, false]);
  assert.deepEqual(await Promise.all(elsewhere.map((one) => warehouse.append([one]))), [[true], [true]]);
  for (const one of [fromClient, fromServer, ...elsewhere])
    assert.deepEqual(await warehouse.append([one]), [false]);
  await restart();
  assert.deepEqual(await warehouse.append([fromServer, fromClient, row('b')]), [false, false, true]);
});

test('derives the ids of all events again when the table of ids is empty, also after a kill in between', async () => {
  const rows = Array.from({ length: 6 }, (_, index) =>
    row(`e${index}`, { app_id: `app_${index % 2}`, verified: index % 3 === 0 ? 0 : 1 }),
  );
  for (const one of rows) await warehouse.append([one, { ...one, event_id: `${one.event_id}.2` }]);
  await restart(async () => {
    const gateway = await openGateway(embedded(store.path), { size: 1, waitingMax: 1 });
    const third = `(SELECT DISTINCT block FROM events WHERE project_id = '${project_id}' ORDER BY block LIMIT 1 OFFSET 2)`;
    // As a kill leaves it: the blocks up to the third one, and of that only a half.
    await gateway.command(`ALTER TABLE event_ids DELETE WHERE block > ${third}
      OR (block = ${third} AND endsWith(event_id, '.2')) SETTINGS mutations_sync = 2`);
    await gateway.close();
  });
  for (const one of rows) {
    const again = [one, { ...one, event_id: `${one.event_id}.2` }];
    assert.deepEqual(await warehouse.append(again), [false, false], one.event_id);
    assert.deepEqual(await warehouse.append([{ ...one, verified: one.verified === 0 ? 1 : 0 }]), [true]);
  }
  assert.deepEqual(warehouse.listProblems(), []);
  await restart();
  assert.deepEqual(warehouse.listProblems(), []);
});

test('opens after a kill between replacing the table of ids and recording that', async () => {
  const rows = ['a', 'b', 'c'].map((id) => row(id));
  for (const one of rows) await warehouse.append([one]);
  await restart(async () => {
    const { log, clock } = { log: openLog('silent'), clock: systemClock() };
    const integrity = await openIntegrity(store.path, { log, clock });
    const gateway = await openGateway(embedded(store.path), { size: 1, waitingMax: 1 });
    await gateway.command(
      `ALTER TABLE event_ids DELETE WHERE project_id = '${project_id}' SETTINGS mutations_sync = 2`,
    );
    const { dying, replaced } = dieAfterExchange(gateway);
    void integrity.check(dying);
    await replaced;
    await gateway.close();
  });
  assert.deepEqual(await warehouse.append(rows), [false, false, false]);
  const left = "SELECT name FROM system.tables WHERE name = 'event_ids_rebuilt'";
  assert.deepEqual(await warehouse.query(left), []);
  await restart();
  assert.deepEqual(warehouse.listProblems(), []);
});

test('derives no ids again when a merged part is gone whose sources are still there', async () => {
  const sql = "SELECT toString(uuid) AS uuid FROM system.tables WHERE name = 'event_ids'";
  await warehouse.append([row('a')]);
  const before = await warehouse.query(sql);
  await restart(async () => {
    const ledger = await readLedger(store.path);
    assert.ok(typeof ledger !== 'string');
    const parts = { ...ledger.tables.event_ids?.parts, all_1_999999_7: { rows: 1, from: '', to: '' } };
    const tables = {
      ...ledger.tables,
      event_ids: { path: '', detached: [], ...ledger.tables.event_ids, parts },
    };
    await writeLedger(store.path, { ...ledger, tables });
  });
  assert.deepEqual(await warehouse.query(sql), before);
  assert.deepEqual(warehouse.listProblems(), []);
});

test('returns nothing for no rows', async () => {
  assert.deepEqual(await warehouse.append([]), []);
});

test('stores a century in one append', async () => {
  const rows = Array.from({ length: 120 }, (_, year) =>
    row(`y${year}`, { timestamp: Date.UTC(2000 + year, 5, 1) }),
  );
  assert.deepEqual(new Set(await warehouse.append(rows)), new Set([true]));
  assert.equal((await storedIds()).length, 120);
});

test('recovers after a crash the events whose ids and users were not written', async () => {
  await warehouse.append([row('before')]);
  await restart(async () => {
    const gateway = await openGateway(embedded(store.path), { size: 1, waitingMax: 1 });
    // What a process leaves behind when it dies between its two steps, with one of the block's two years on disk.
    await gateway.command(`INSERT INTO events (project_id, app_id, event_id, verified, app_user_id, timestamp, block)
      SELECT '${project_id}', 'app_a', 'lost', 1, 'user_b', toDateTime64('2025-01-01 00:00:00', 3, 'UTC'),
        max(block) + 1 FROM events`);
    await gateway.close();
  });
  assert.deepEqual(await warehouse.append([row('lost'), row('other year')]), [false, true]);
  assert.deepEqual(await storedIds(), ['before', 'lost', 'other year']);
  const [, second] = await users();
  assert.deepEqual(second, {
    user: 'user_b',
    first: String(Date.UTC(2025, 0, 1)),
    last: String(Date.UTC(2025, 0, 1)),
  });
});

test('derives nothing twice on a clean start', async () => {
  await warehouse.append([row('a'), row('b')]);
  await restart();
  const sql = 'SELECT count() AS n FROM event_ids WHERE project_id = {project_id:String}';
  assert.deepEqual(await warehouse.query(sql, { project_id }), [{ n: '2' }]);
});

test("keeps each user's first and last time whatever the order of events", async () => {
  const times = fc.array(fc.integer({ min: Date.UTC(2001, 0, 1), max: Date.UTC(2026, 0, 1) }), {
    minLength: 1,
    maxLength: 6,
  });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(times, async (all) => {
      run += 1;
      project_id = `proj_order_${project}_${run}`;
      for (const [index, timestamp] of all.entries())
        await warehouse.append([row(`e${index}`, { timestamp })]);
      const seen = { first: String(Math.min(...all)), last: String(Math.max(...all)) };
      assert.deepEqual(await users(), [{ user: 'user_a', ...seen }]);
    }),
    { numRuns: 8 },
  );
});

test('syncs every table that an append writes to disk, and keeps each text of events in one file', async () => {
  const derived = [
    'deleted_until',
    'erased_ids',
    'event_ids',
    'forgotten_ids',
    'links',
    'person_ids',
    'user_properties',
    'users',
  ];
  const rollups = ['linked_days', 'revenue_days', 'rollup_days', 'user_day_values', 'user_days'];
  const tables = [...derived, ...rollups, 'events', 'schema_migrations'].sort();
  const rows = await warehouse.query<{ name: string; engine_full: string }>(
    "SELECT name, engine_full FROM system.tables WHERE database = 'appflow' AND engine != 'Null' ORDER BY name",
  );
  // All existing tables: one added later must be added to the list, and synced.
  const names = rows.map((one) => one.name);
  assert.deepEqual(names, tables);
  for (const { name, engine_full } of rows) {
    if (name === 'events') assert.match(engine_full, /string_serialization_version = 'single_stream'/);
    assert.match(engine_full, /fsync_after_insert = 1/, name);
    assert.match(engine_full, /fsync_part_directory = 1/, name);
  }
});

test('rejects a malformed row and stores the other appends', async () => {
  const [good, bad] = await Promise.allSettled([
    warehouse.append([row('a')]),
    warehouse.append([row('b', { revenue: 'much' })]),
  ]);
  assert.deepEqual(good, { status: 'fulfilled', value: [true] });
  assert.equal(bad.status === 'rejected' && bad.reason instanceof TypeError, true);
});

test('stores half a surrogate pair as U+FFFD instead of failing the block', async () => {
  assert.deepEqual(
    await warehouse.append([row('a', { app_user_id: 'x\ud800', properties: '{"a":"\\ud800"}' })]),
    [true],
  );
  assert.deepEqual((await users()).length, 1);
});

test('stores what is queued before it closes, and is busy afterwards', async () => {
  const appends = Array.from({ length: 50 }, (_, index) => warehouse.append([row(`e${index}`)]));
  const closing = warehouse;
  await closing.close();
  assert.deepEqual(new Set((await Promise.all(appends)).flat()), new Set([true]));
  await assert.rejects(
    closing.append([row('late')]),
    (error) => error instanceof StorageError && error.reason === 'busy',
  );
  warehouse = await store.open();
  assert.equal((await storedIds()).length, 50);
});

test('names the folder when it is not a folder', async () => {
  const opening = openWarehouse({ path: '/dev/null', log: openLog('silent'), clock: systemClock() });
  await assert.rejects(
    opening,
    (error) => error instanceof StorageError && error.message.includes('/dev/null'),
  );
});
