import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { damageFile } from '../../../test/storage/damage/damage-file.ts';
import { listTables } from '../../../test/storage/damage/list-tables.ts';
import { cleanUp } from '../../../test/support/clean-up.ts';
import { until } from '../../../test/support/until.ts';
import { createTestStore, eventRow, type TestStore } from '../../../test/support/warehouse-store.ts';
import { systemClock } from '../../lib/clock.ts';
import { DAY_MS } from '../../lib/durations.ts';
import { openLog } from '../../lib/log.ts';
import { embedded } from '../engine/embedded.ts';
import { type Gateway, openGateway } from '../engine/gateway.ts';
import { inspectStore, openWarehouse, type Warehouse } from '../open.ts';
import { openIntegrity } from './integrity.ts';
import { ledgerFile } from './ledger.ts';

const idKey = {
  macOf: (text: string) => `mac of ${text}`,
  seal: (bytes: Uint8Array) => Buffer.from(bytes).toString('base64'),
  unseal: (sealed: string) => Buffer.from(sealed, 'base64'),
};
const NOW = Date.now();
const OLD = NOW - 100 * DAY_MS;
const DELETED_UNTIL = NOW - 50 * DAY_MS;

let last = 0;
/** Events of a person, long ago and now, which become one part of each table. */
const rowsOf = (name: string) =>
  [OLD, NOW].flatMap((timestamp) => {
    last += 1;
    const properties = JSON.stringify({ anonymous_id: `device-${name}`, $set: { [`p${timestamp}`]: 1 } });
    const common = { app_user_id: name, timestamp, received_at: NOW };
    return [
      eventRow({ ...common, event_id: `e${last}` }),
      eventRow({ ...common, event_id: `i${last}`, event_name: '$identify', properties }),
    ];
  });

let store: TestStore;
let opened: Warehouse | undefined;
let lines: string[] = [];
const stores: TestStore[] = [];
cleanUp(() => Promise.all(stores.map((one) => one.remove())));

async function open(): Promise<Warehouse> {
  const log = openLog('warn', undefined, { write: (line) => lines.push(line) });
  opened = await openWarehouse({ path: store.path, log, clock: systemClock(), idKey });
  return opened;
}

beforeEach(async () => {
  store = await createTestStore();
  stores.push(store);
  lines = [];
  const warehouse = await open();
  for (const name of ['ann', 'bob']) {
    await warehouse.append(rowsOf(name));
    // A query waits until the events are in the tables: each time, they become a part.
    await warehouse.query('SELECT 1');
  }
  await warehouse.deleteEvents({ projectId: 'proj_a', to: DELETED_UNTIL });
  await warehouse.close();
});

// A test that fails must not leave the engine open: there is one per process.
afterEach(async () => await opened?.close());

const folderOf = (table: string) => listTables(store.path).get(table)?.folder ?? '';
const partsOf = (table: string) =>
  readdirSync(folderOf(table))
    .filter((name) => /^all_\d+_\d+_\d+/.test(name))
    .sort();

/** The newest version of each part: deletions leave the old one for some minutes, which the engine ignores. */
function damage(table: string, how: 'flipped' | 'deleted'): void {
  for (const part of partsOf(table)) {
    if (how === 'deleted') rmSync(join(folderOf(table), part), { recursive: true });
    else damageFile(join(folderOf(table), part, 'data.bin'), 'flipped');
  }
}

async function firstSeen(warehouse: Warehouse): Promise<number[]> {
  const rows = await warehouse.query<{ first: string }>(
    'SELECT toUnixTimestamp64Milli(min(first_seen)) AS first FROM users GROUP BY app_user_id ORDER BY app_user_id',
  );
  return rows.map(({ first }) => Number(first));
}

/** Checks that a loss is reported by doctor before and after the start, in the log, and by the open store, also by later ones. */
async function requireReported(table: string, sentence: RegExp): Promise<void> {
  const { problems } = await inspectStore(store.path);
  assert.match(problems.join(), new RegExp(`the table ${table} |The table ${table} `));
  const warehouse = await open();
  await until('it is reported', () => sentence.test(warehouse.listProblems().join()));
  assert.ok(lines.some((line) => sentence.test(line)));
  assert.ok((await warehouse.append(rowsOf('eve'))).every(Boolean));
  await warehouse.close();
  assert.deepEqual(await inspectStore(store.path), { pending: [], problems: [], repairs: [] });
  const again = await open();
  assert.equal(again.listProblems().length, 1, again.listProblems().join());
  assert.match(again.listProblems().join(), sentence);
}

describe('rows that can no longer be derived', () => {
  for (const how of ['flipped', 'deleted'] as const) {
    for (const table of ['users', 'links', 'user_properties']) {
      it(`are reported when they are lost: ${table}, ${how}`, async () => {
        damage(table, how);
        await requireReported(table, new RegExp(`The table ${table} was damaged.*retention has deleted`));
      });
    }
    for (const table of ['erased_ids', 'deleted_until']) {
      it(`are reported when they are lost: ${table}, ${how}`, async () => {
        damage(table, how);
        await requireReported(
          table,
          new RegExp(`The table ${table}, which .*was damaged.* of the table ${table}`),
        );
      });
    }
  }

  /** Damages one of the parts of `users`, and opens the store until that is mended. */
  async function openDamaged() {
    const [part = ''] = partsOf('users')
      .filter((name) => /^all_1_1_\d+/.test(name))
      .slice(-1);
    damageFile(join(folderOf('users'), part, 'data.bin'), 'flipped');
    const mended = await open();
    await until('it was derived again', () => lines.some((line) => line.includes('was derived again')));
    return mended;
  }

  it('are kept by the parts that are intact', async () => {
    const warehouse = await open();
    assert.deepEqual(await firstSeen(warehouse), [OLD, OLD]);
    await warehouse.close();
    const mended = await openDamaged();
    assert.match(mended.listProblems().join(), /retention has deleted/);
    assert.deepEqual(await firstSeen(mended), [NOW, OLD]);
  });

  it('are kept by a rebuild after the record of what was deleted is lost', async () => {
    damage('deleted_until', 'deleted');
    const warehouse = await open();
    await warehouse.rebuild(() => {});
    assert.deepEqual(await firstSeen(warehouse), [OLD, OLD]);
  });

  for (const moment of ['before', 'after'] as const) {
    it(`are reported once, and filled in, after a kill ${moment} a damaged part was moved aside`, async () => {
      damage('deleted_until', 'flipped');
      // A part that is newer than the last record is not in it.
      rmSync(ledgerFile(store.path));
      await dieWhileDetaching(moment);
      const warehouse = await open();
      const reported = warehouse.listProblems().filter((problem) => problem.includes('table deleted_until,'));
      assert.equal(reported.length, 1, warehouse.listProblems().join());
      await warehouse.rebuild(() => {});
      assert.deepEqual(await firstSeen(warehouse), [OLD, OLD]);
    });
  }

  it('restore deleted_until only for projects that have such rows, even without events', async () => {
    const warehouse = await open();
    await warehouse.append([eventRow({ event_id: 'kept', project_id: 'proj_b', timestamp: NOW })]);
    await warehouse.query('SELECT 1');
    await warehouse.close();
    await command(`INSERT INTO users (project_id, app_id, app_user_id, first_seen, last_seen)
      VALUES ('proj_c', 'app_a', 'cat', fromUnixTimestamp64Milli(${OLD}), fromUnixTimestamp64Milli(${NOW}))`);
    damage('deleted_until', 'flipped');
    const rows = await (await open()).query<{ project_id: string; until: string }>(
      `SELECT project_id, toUnixTimestamp64Milli(max(until)) AS until FROM deleted_until
      GROUP BY project_id ORDER BY project_id`,
    );
    assert.deepEqual(
      rows.map(({ project_id, until }) => [project_id, Number(until)]),
      [
        ['proj_a', OLD],
        ['proj_c', OLD],
      ],
    );
  });

  it('in intact parts are kept even if deleted_until is damaged', async () => {
    damage('deleted_until', 'flipped');
    const mended = await openDamaged();
    assert.deepEqual(await firstSeen(mended), [NOW, OLD]);
  });
});

/** Changes the closed store. */
async function command(sql: string): Promise<void> {
  const gateway = await openGateway(embedded(store.path), { size: 1, waitingMax: 1 });
  await gateway.command(sql);
  await gateway.close();
}

/** Checks the tables as a start does, in a process that is killed when it moves a part aside. */
async function dieWhileDetaching(moment: 'before' | 'after'): Promise<void> {
  const integrity = await openIntegrity(store.path, { log: openLog('silent'), clock: systemClock() });
  const gateway = await openGateway(embedded(store.path), { size: 1, waitingMax: 1 });
  const { promise: died, resolve: die } = Promise.withResolvers<void>();
  const dying: Gateway = {
    ...gateway,
    async command(sql) {
      const isLast = sql.includes('DETACH PART');
      if (!isLast || moment === 'after') await gateway.command(sql);
      if (!isLast) return;
      die();
      await new Promise(() => undefined);
    },
  };
  void integrity.checkKept(dying);
  await died;
  await gateway.close();
}
