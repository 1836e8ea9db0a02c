import assert from 'node:assert/strict';
import { it } from 'node:test';
import { cleanUp } from '../../test/support/clean-up.ts';
import { createTestStore, eventRow } from '../../test/support/warehouse-store.ts';
import { embedded } from './engine/embedded.ts';
import { type Gateway, openGateway } from './engine/gateway.ts';
import { DERIVED_TABLES } from './integrity/derive-sql.ts';

const ROLLUP_TABLES = ['rollup_days', 'user_days', 'user_day_values', 'revenue_days', 'linked_days'];

const store = await createTestStore();
cleanUp(store.remove);

/** Works on the closed store. */
async function withGateway<T>(work: (gateway: Gateway) => Promise<T>): Promise<T> {
  const gateway = await openGateway(embedded(store.path), { size: 1, waitingMax: 1 });
  return await work(gateway).finally(() => gateway.close());
}

/** What is derived, by project and table. */
const readDerived = (projectId: string) =>
  withGateway(async (gateway) => {
    const rows: Record<string, unknown[]> = {};
    for (const table of DERIVED_TABLES) {
      // A rebuild gives all rows the version of the highest block.
      const columns = table === 'person_ids' ? '* EXCEPT version' : '*';
      const from = table === 'event_ids' ? table : `${table} FINAL`;
      const sql = `SELECT DISTINCT ${columns} FROM ${from} WHERE project_id = {projectId:String} ORDER BY ALL`;
      rows[table] = await gateway.query(sql, { projectId });
    }
    return rows;
  });

it('derives the tables of one project again, and leaves those of the others as they are', async () => {
  const first = await store.open();
  for (const project_id of ['proj_b', 'proj_a']) {
    const properties = JSON.stringify({ anonymous_id: 'device', $set: { plan: 'pro' } });
    const identify = { event_name: '$identify', app_user_id: 'ann', properties };
    await first.append([
      eventRow({ project_id, event_id: 'e1', app_user_id: 'ann' }),
      eventRow({ project_id, event_id: 'e2', app_user_id: 'device' }),
      eventRow({ project_id, event_id: 'e3', ...identify }),
    ]);
  }
  // What a start repairs is the last block.
  await first.append([eventRow({ project_id: 'proj_c', event_id: 'e4' })]);
  await first.close();
  const whole = await readDerived('proj_a');
  for (const table of DERIVED_TABLES) assert.ok((whole[table]?.length ?? 0) > 0, table);
  await withGateway(async (gateway) => {
    const rolled = "'app_a', 0, 'UTC', 1, 1, 1, 1";
    for (const project of ['proj_a', 'proj_b'])
      await gateway.command(
        `INSERT INTO rollup_days (project_id, app_id, day, timezone, version, row_count, block, written) VALUES ('${project}', ${rolled})`,
      );
    // Not the IDs: a start compares their number with that of the events.
    for (const table of DERIVED_TABLES.filter((one) => one !== 'event_ids'))
      await gateway.command(`ALTER TABLE ${table} DELETE WHERE 1 SETTINGS mutations_sync = 2`);
  });
  const second = await store.open();
  assert.deepEqual(await second.query('SELECT 1 FROM links'), []);
  const tables: string[] = [];
  await second.rebuild(({ table }) => tables.push(table), { projectId: 'proj_a' });
  await second.close();
  assert.deepEqual(tables, [...DERIVED_TABLES, ...ROLLUP_TABLES]);
  assert.deepEqual(await readDerived('proj_a'), whole);
  const other = await readDerived('proj_b');
  assert.equal(other.event_ids?.length, whole.event_ids?.length);
  assert.deepEqual([other.links, other.user_properties], [[], []]);
  const left = await withGateway((gateway) => gateway.query('SELECT DISTINCT project_id FROM rollup_days'));
  assert.deepEqual(left, [{ project_id: 'proj_b' }]);
});
