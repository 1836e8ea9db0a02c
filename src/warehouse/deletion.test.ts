import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cleanUp } from '../../test/support/clean-up.ts';
import { makeClock } from '../../test/support/harness.ts';
import { createTestStore, eventRow } from '../../test/support/warehouse-store.ts';
import { DAY_MS } from '../lib/durations.ts';
import { openLog } from '../lib/log.ts';
import { bind } from './engine/bind.ts';
import { embedded } from './engine/embedded.ts';
import { type Gateway, openGateway } from './engine/gateway.ts';
import type { IdKey } from './erased-ids.ts';
import { type Deletion, listTableDeletions } from './integrity/deletion.ts';
import { ledgerFile, readLedger, writeLedger } from './integrity/ledger.ts';
import { hasLosses } from './integrity/losses.ts';
import { openWarehouse, type Warehouse } from './open.ts';

const idKey: IdKey = {
  macOf: (text: string) => `mac of ${Buffer.from(text).toString('hex')}`,
  seal: (bytes: Uint8Array) => Buffer.from(bytes).toString('base64'),
  unseal: (sealed: string) => Buffer.from(sealed, 'base64'),
};
/** As after the secret was reset. */
const otherKey: IdKey = {
  macOf: (text) => `other ${idKey.macOf(text)}`,
  seal: idKey.seal,
  unseal: () => undefined,
};
let key = idKey;
const clock = makeClock();
const START = clock.now() - DAY_MS;
let known = 0;

const store = await createTestStore();
const open = () =>
  openWarehouse({
    ...{ path: store.path, log: openLog('silent'), clock, idKey: key, knownEvents: known },
    noteEvents: async (events) => {
      known = events;
    },
  });
let warehouse: Warehouse = await open();
cleanUp(async () => {
  await warehouse.close();
  await store.remove();
});

async function reopen(): Promise<void> {
  await warehouse.close();
  warehouse = await open();
}

/** Works on the closed store as a process does that is killed afterwards. */
async function whileClosed(work: (gateway: Gateway) => Promise<void>): Promise<void> {
  await warehouse.close();
  const gateway = await openGateway(embedded(store.path), { size: 1, waitingMax: 1 });
  await work(gateway).finally(() => gateway.close());
}

let last = 0;
const rowsOf = (app_user_id: string, count: number, more = {}) =>
  Array.from({ length: count }, () => {
    last += 1;
    return eventRow({ event_id: `e${last}`, app_user_id, timestamp: START + last, ...more });
  });

async function countOf(table: string, where = '1'): Promise<number> {
  const [row] = await warehouse.query<{ n: string }>(`SELECT count() AS n FROM ${table} WHERE ${where}`);
  return Number(row?.n);
}

const personOf = (id: string, to = clock.now()): Deletion => ({
  ...{ projectId: 'proj_a', to, person: { appId: 'app_a', ids: [id] } },
});

async function requireIntact(events: number): Promise<void> {
  assert.deepEqual(warehouse.listProblems(), []);
  assert.equal(hasLosses(store.path), false);
  assert.equal(await countOf('events'), events);
  assert.equal(await countOf('event_ids'), events);
}

describe('deleting events', () => {
  it('deletes only the events of that person', async () => {
    await warehouse.append([
      ...rowsOf('ann', 3),
      ...rowsOf('bob', 2),
      ...rowsOf('ann', 1, { app_id: 'app_b' }),
    ]);
    await warehouse.append(rowsOf('ann', 1, { project_id: 'proj_b' }));
    await warehouse.deleteEvents(personOf('ann'));
    await requireIntact(4);
    assert.equal(
      await countOf('events', "app_user_id = 'ann' AND app_id = 'app_a' AND project_id = 'proj_a'"),
      0,
    );
    assert.equal(
      await countOf('users', "app_user_id = 'ann' AND app_id = 'app_a' AND project_id = 'proj_a'"),
      0,
    );
    assert.equal(await countOf('users'), 3);
    assert.equal(known, 4);
    await reopen();
    await requireIntact(4);
  });

  it('counts the ID of a deleted event as seen for another 30 days, also after a restart', async () => {
    const [row] = rowsOf('cas', 1);
    assert.ok(row);
    await warehouse.append([row]);
    await warehouse.deleteEvents(personOf('cas'));
    const again = { ...row, app_user_id: 'someone' };
    assert.deepEqual(await warehouse.append([again]), [false]);
    await reopen();
    assert.deepEqual(await warehouse.append([again]), [false]);
    assert.equal(await countOf('erased_ids', `mac LIKE '%${row.event_id}%'`), 0);
    clock.advance(30 * DAY_MS);
    await warehouse.forgetIds();
    assert.equal(await countOf('erased_ids'), 0);
    await reopen();
    assert.deepEqual(await warehouse.append([again]), [true]);
    await warehouse.deleteEvents(personOf('someone'));
  });

  it('deletes remembered IDs after 30 days even if their key was lost meanwhile, and counts them as new from then on', async () => {
    const [row] = rowsOf('eve', 1);
    assert.ok(row);
    await warehouse.append([row]);
    await warehouse.deleteEvents(personOf('eve'));
    key = otherKey;
    await reopen();
    assert.deepEqual(await warehouse.append([row]), [true]);
    clock.advance(30 * DAY_MS - 1);
    await warehouse.forgetIds();
    assert.notEqual(await countOf('erased_ids'), 0);
    clock.advance(1);
    await warehouse.forgetIds();
    assert.equal(await countOf('erased_ids'), 0);
    key = idKey;
    await warehouse.deleteEvents(personOf('eve'));
  });

  it('deletes remembered IDs whose 30 days ended while the store was closed', async () => {
    assert.notEqual(await countOf('erased_ids'), 0);
    clock.advance(30 * DAY_MS);
    await reopen();
    await warehouse.forgetIds();
    assert.equal(await countOf('erased_ids'), 0);
  });

  it('keeps what is dated later, and derives its user again', async () => {
    await warehouse.append(rowsOf('dan', 1, { timestamp: START + 10 }));
    await warehouse.append(rowsOf('dan', 1, { timestamp: START + 12 }));
    await warehouse.deleteEvents(personOf('dan', START + 11));
    const users = await warehouse.query(
      "SELECT min(first_seen) AS first FROM users WHERE app_user_id = 'dan'",
    );
    assert.deepEqual(users, [{ first: new Date(START + 12).toISOString().slice(0, -1).replace('T', ' ') }]);
    await warehouse.deleteEvents(personOf('dan', START + 12));
    assert.equal(await countOf('users', "app_user_id = 'dan'"), 0);
    await requireIntact(4);
  });

  it('gives an ID that was also linked to someone else to that person, as a rebuild does', async () => {
    const identify = (app_user_id: string, timestamp: number) =>
      rowsOf(app_user_id, 1, {
        ...{ project_id: 'proj_linked', event_name: '$identify', timestamp },
        properties: '{"anonymous_id":"phone"}',
      });
    await warehouse.append([...identify('eve', START), ...identify('fin', START + 1)]);
    const persons = () =>
      warehouse.query(
        "SELECT id, argMax(person, version) AS person FROM person_ids WHERE project_id = 'proj_linked' GROUP BY id",
      );
    assert.deepEqual(await persons(), [{ id: 'phone', person: 'eve' }]);
    const deletion = personOf('eve');
    await warehouse.deleteEvents({
      ...deletion,
      projectId: 'proj_linked',
      person: { appId: 'app_a', ids: ['eve', 'phone'] },
    });
    const after = [{ id: 'phone', person: 'fin' }];
    assert.deepEqual(await persons(), after);
    await warehouse.rebuild(() => {});
    assert.deepEqual(await persons(), after);
    await warehouse.deleteEvents({
      ...deletion,
      projectId: 'proj_linked',
      person: { appId: 'app_a', ids: ['fin', 'phone'] },
    });
    assert.deepEqual(await persons(), []);
  });

  it('keeps links that are dated later, whose person starts again', async () => {
    const project_id = 'proj_again';
    const identify = (anonymous_id: string, timestamp: number) =>
      rowsOf('gia', 1, {
        ...{ project_id, event_name: '$identify', timestamp },
        properties: JSON.stringify({ anonymous_id }),
      });
    await warehouse.append([...identify('tablet', START), ...identify('watch', START + 11)]);
    const person = { appId: 'app_a', ids: ['gia', 'tablet', 'watch'] };
    await warehouse.deleteEvents({ projectId: project_id, to: START + 10, person });
    const persons = () =>
      warehouse.query(
        "SELECT id, argMax(person, version) AS person FROM person_ids WHERE project_id = 'proj_again' GROUP BY id",
      );
    assert.deepEqual(await persons(), [{ id: 'watch', person: 'gia' }]);
    await warehouse.deleteEvents({
      projectId: project_id,
      to: START + 10,
      person: { ...person, ids: ['gia'] },
    });
    assert.deepEqual(await persons(), [{ id: 'watch', person: 'gia' }]);
    await warehouse.deleteEvents({ projectId: project_id, to: START + 11, person });
    assert.deepEqual(await persons(), []);
  });

  it('deletes the events of a project up to a time, and users who have none left', async () => {
    const project_id = 'proj_old';
    await warehouse.append([
      ...rowsOf('old', 2, { project_id, timestamp: START - DAY_MS }),
      ...rowsOf('both', 1, { project_id, timestamp: START - DAY_MS }),
      ...rowsOf('both', 1, { project_id, timestamp: START - DAY_MS + 1 }),
    ]);
    await warehouse.deleteEvents({ projectId: project_id, to: START - DAY_MS });
    assert.equal(await countOf('events', "project_id = 'proj_old'"), 1);
    assert.deepEqual(
      await warehouse.query("SELECT DISTINCT app_user_id FROM users WHERE project_id = 'proj_old'"),
      [{ app_user_id: 'both' }],
    );
    await requireIntact(5);
  });
});

describe('a deletion that was interrupted', () => {
  for (const finished of [0, 1, 2]) {
    it(`is finished at the next start, after ${finished} of its statements`, async () => {
      await warehouse.append(rowsOf('eve', 20));
      const events = await countOf('events');
      const deletion = personOf('eve');
      await whileClosed(async (gateway) => {
        const ledger = await readLedger(store.path);
        assert.ok(typeof ledger !== 'string');
        known = events - 20;
        await writeLedger(store.path, { ...ledger, events: known, deletion });
        for (const { table, where } of listTableDeletions(deletion).slice(0, finished)) {
          const sql = `ALTER TABLE ${table} DELETE WHERE ${where.sql} SETTINGS mutations_sync = 2`;
          await gateway.command(bind(sql, where.params));
        }
      });
      warehouse = await open();
      await requireIntact(events - 20);
      assert.equal(await countOf('users', "app_user_id = 'eve'"), 0);
      await reopen();
      const ledger = await readLedger(store.path);
      assert.ok(typeof ledger !== 'string');
      assert.equal(ledger.deletion, undefined, ledgerFile(store.path));
    });
  }

  it('is no reason to lose what is derived: all of it can be derived again', async () => {
    const derived = () =>
      Promise.all([
        warehouse.query('SELECT project_id, app_id, event_id, verified, block FROM event_ids ORDER BY ALL'),
        warehouse.query(
          `SELECT project_id, app_id, app_user_id, min(first_seen), max(last_seen) FROM users
          GROUP BY ALL ORDER BY ALL`,
        ),
      ]);
    const before = await derived();
    await whileClosed(async (gateway) => {
      await gateway.command("ALTER TABLE users DELETE WHERE app_user_id = 'bob' SETTINGS mutations_sync = 2");
    });
    warehouse = await open();
    assert.notDeepEqual(await derived(), before);
    const tables: string[] = [];
    await warehouse.rebuild(({ table }) => tables.push(table));
    assert.deepEqual(tables.slice(0, 2), ['event_ids', 'users']);
    assert.deepEqual(await derived(), before);
  });

  it('hides no event that is lost at the same time', async () => {
    await warehouse.append([...rowsOf('fay', 20), ...rowsOf('gus', 1)]);
    const events = await countOf('events');
    const deletion = personOf('fay');
    await whileClosed(async (gateway) => {
      const ledger = await readLedger(store.path);
      assert.ok(typeof ledger !== 'string');
      known = events - 20;
      await writeLedger(store.path, { ...ledger, events: known, deletion });
      await gateway.command(
        "ALTER TABLE events DELETE WHERE app_user_id = 'gus' SETTINGS mutations_sync = 2",
      );
    });
    warehouse = await open();
    const [problem = '', ...others] = warehouse.listProblems();
    assert.match(problem, /^1 stored events are lost/);
    assert.deepEqual(others, []);
  });
});
