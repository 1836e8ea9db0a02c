import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { damageFile } from '../../../test/storage/damage/damage-file.ts';
import { listTables } from '../../../test/storage/damage/list-tables.ts';
import { cleanUp } from '../../../test/support/clean-up.ts';
import { dieAfterExchange } from '../../../test/support/die-after-exchange.ts';
import { until } from '../../../test/support/until.ts';
import { createTestStore, eventRow, type TestStore } from '../../../test/support/warehouse-store.ts';
import { systemClock } from '../../lib/clock.ts';
import { openLog } from '../../lib/log.ts';
import { embedded } from '../engine/embedded.ts';
import { openGateway } from '../engine/gateway.ts';
import { inspectStore, openWarehouse, type Warehouse } from '../open.ts';
import { DERIVED_TABLES, type DerivedTable } from './derive-sql.ts';
import { openIntegrity } from './integrity.ts';
import { rebuildInUse } from './rebuild-in-use.ts';

/** In three parts, each with users of its own in one range of names. */
const EVENTS = Array.from({ length: 900 }, (_, n) =>
  eventRow({ event_id: `e${n}`, app_user_id: `u${n + 100}` }),
);
const USERS_SQL = `SELECT count() AS users, sum(cityHash64(toString(tuple(*)))) AS hash
FROM (SELECT app_user_id, min(first_seen), max(last_seen) FROM users GROUP BY app_user_id)`;

/** An event that links two IDs and sets a property: of each table of persons, it fills a row. */
const toIdentify = (n: number) => {
  const properties = JSON.stringify({ anonymous_id: `a${n}`, $set: { plan: 'pro' } });
  return eventRow({ event_id: `i${n}`, event_name: '$identify', app_user_id: `p${n}`, properties });
};
const readPersons = (warehouse: Warehouse) =>
  Promise.all(
    ['links', 'person_ids', 'user_properties'].map((table) => {
      // A rebuild gives all rows the version of the highest block.
      const columns = table === 'person_ids' ? '* EXCEPT version' : '*';
      return warehouse.query(`SELECT DISTINCT ${columns} FROM ${table} ORDER BY ALL`);
    }),
  );

let store: TestStore;
let persons: unknown;
let opened: Warehouse | undefined;
let users: unknown;
let lines: string[] = [];
const stores: TestStore[] = [];
cleanUp(() => Promise.all(stores.map((one) => one.remove())));

beforeEach(async () => {
  store = await createTestStore();
  stores.push(store);
  lines = [];
  const warehouse = await open();
  for (const from of [0, 300, 600]) {
    await warehouse.append([...EVENTS.slice(from, from + 300), toIdentify(from)]);
    // A query waits until the events are in the tables: each time, they become a part.
    users = await warehouse.query(USERS_SQL);
  }
  persons = await readPersons(warehouse);
  await warehouse.close();
});

// A test that fails must not leave the engine open: there is one per process.
afterEach(async () => await opened?.close());

async function open(): Promise<Warehouse> {
  const log = openLog('warn', undefined, { write: (line) => lines.push(line) });
  opened = await openWarehouse({ path: store.path, log, clock: systemClock() });
  return opened;
}

const hasLogged = (text: string) => lines.some((line) => line.includes(text));
const areAllStored = (stored: boolean[]) => stored.every((isNew) => !isNew);

/** Flips a bit of one file in each part of a table, or in the oldest parts. */
function flip(table: string, file: string, partsMax = Number.POSITIVE_INFINITY): void {
  const folder = listTables(store.path).get(table)?.folder ?? '';
  const parts = readdirSync(folder).filter((name) => /_\d+_\d+_\d+$/.test(name));
  assert.ok(parts.length > 0);
  for (const part of parts.sort().slice(0, partsMax)) damageFile(join(folder, part, file), 'flipped');
}

/** Closes a warehouse after checking that it is whole, and that doctor and another start find it so. */
async function requireWhole(warehouse: Warehouse): Promise<void> {
  assert.ok(areAllStored(await warehouse.append(EVENTS)));
  assert.deepEqual(await warehouse.query(USERS_SQL), users);
  assert.deepEqual(await readPersons(warehouse), persons);
  assert.deepEqual(warehouse.listProblems(), []);
  assert.equal(warehouse.isFailing(), false);
  await warehouse.close();
  assert.deepEqual(await inspectStore(store.path), { pending: [], problems: [], repairs: [] });
  await (await open()).close();
}

describe('a derived table with a flipped bit', () => {
  // What a start reads itself: the blocks of IDs, and the users of the last block.
  for (const [table, file] of [
    ['users', 'data.bin'],
    ['users', 'count.txt'],
    ['users', 'primary.cidx'],
    ['event_ids', 'count.txt'],
    ['person_ids', 'data.bin'],
  ] as const) {
    it(`is derived again before the start ends: ${table}, ${file}`, async () => {
      flip(table, file);
      const warehouse = await open();
      assert.ok(hasLogged('a damaged table was derived again'));
      await requireWhole(warehouse);
    });
  }

  for (const [table, file] of [
    ['users', 'checksums.txt'],
    ['event_ids', 'checksums.txt'],
    ['links', 'checksums.txt'],
    ['user_properties', 'checksums.txt'],
    ['event_ids', 'data.bin'],
    ['event_ids', 'primary.cidx'],
    ['event_ids', 'data.cmrk4'],
  ] as const) {
    it(`is derived again by a start although nothing needs it: ${table}, ${file}`, async () => {
      flip(table, file);
      const warehouse = await open();
      await until('it was derived again', () => hasLogged('derived again') || hasLogged('there again'));
      await until('nothing is damaged', () => warehouse.listProblems().length === 0);
      await requireWhole(warehouse);
    });
  }

  it('is derived again although neither the start nor a query has read it', async () => {
    flip('users', 'data.bin', 1);
    const warehouse = await open();
    assert.deepEqual(lines, []);
    await until('it was derived again', () => hasLogged('a damaged table was derived again'));
    await requireWhole(warehouse);
  });

  it('delays no event and never counts one twice while it is derived again', async () => {
    flip('event_ids', 'data.bin');
    const warehouse = await open();
    const fresh = EVENTS.map((row) => ({ ...row, event_id: `new-${row.event_id}` }));
    assert.ok(areAllStored(await warehouse.append(EVENTS)));
    assert.match(warehouse.listProblems().join(), /event_ids, which is derived .* It is being derived again/);
    for (let from = 0; from < fresh.length; from += 100) {
      const batch = fresh.slice(from, from + 100);
      assert.ok((await warehouse.append(batch)).every(Boolean));
      assert.ok(areAllStored(await warehouse.append(batch)));
    }
    await until('nothing is damaged', () => warehouse.listProblems().length === 0);
    assert.ok(areAllStored(await warehouse.append(fresh)));
    await requireWhole(warehouse);
  });

  it('is derived again while the store is in use, after one query has failed', async () => {
    const warehouse = await open();
    flip('users', 'data.bin');
    await assert.rejects(warehouse.query(USERS_SQL), { reason: 'unavailable' });
    assert.match(warehouse.listProblems().join(), /users, which is derived .*queries for new users fail/);
    await until('nothing is damaged', () => warehouse.listProblems().length === 0);
    await requireWhole(warehouse);
  });

  it('is a repair for doctor, not a problem', async () => {
    flip('users', 'data.bin');
    flip('event_ids', 'data.bin');
    const repairs = ['derives the IDs of events again', 'derives users again'];
    assert.deepEqual(await inspectStore(store.path), { pending: [], problems: [], repairs });
  });

  it('does not prevent a start even if the events it is derived from are damaged, and that is reported', async () => {
    await damageColumn('app_user_id');
    flip('users', 'data.bin');
    const warehouse = await open();
    assert.ok(areAllStored(await warehouse.append(EVENTS)));
    await until('it is reported', () =>
      /could not be derived again.*next start tries/.test(warehouse.listProblems().join()),
    );
    await warehouse.close();
  });

  it('is opened after a kill between replacing it and recording that', async () => {
    for (const table of DERIVED_TABLES) {
      flip(table, 'data.bin');
      await replaceAndDie(table);
      const { problems } = await inspectStore(store.path);
      assert.deepEqual(
        problems,
        [],
        'the damaged table, which is the draft now, is dropped by the next start',
      );
      await requireWhole(await open());
    }
  });
});

/** Does what a process does that is killed right after it replaced a table. */
async function replaceAndDie(table: DerivedTable): Promise<void> {
  const integrity = await openIntegrity(store.path, { log: openLog('silent'), clock: systemClock() });
  const gateway = await openGateway(embedded(store.path), { size: 1, waitingMax: 1 });
  const { dying, replaced } = dieAfterExchange(gateway);
  void rebuildInUse(dying, table, { pause: (work) => work(), integrity });
  await replaced;
  await gateway.close();
}

/** Flips a bit of a part of `events` where only the given column is. */
async function damageColumn(column: string): Promise<void> {
  const gateway = await openGateway(embedded(store.path), { size: 1, waitingMax: 1 });
  const folder = listTables(store.path).get('events')?.folder ?? '';
  const part = readdirSync(folder).find((name) => /_\d+_\d+_\d+$/.test(name)) ?? '';
  const file = join(folder, part, 'data.bin');
  const isReadable = async (name: string) =>
    await gateway.query(`SELECT count() FROM events WHERE NOT ignore(${name})`).then(
      () => true,
      () => false,
    );
  for (let offset = 100; await isReadable(column); offset += 100) {
    damageFile(file, 'flipped', offset);
    if (!(await isReadable(column))) break;
    damageFile(file, 'flipped', offset);
  }
  assert.ok((await isReadable('block')) && (await isReadable('event_id')));
  await gateway.close();
}
