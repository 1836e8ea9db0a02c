import assert from 'node:assert/strict';
import { it } from 'node:test';
import { sql } from 'kysely';
import { openControlServices } from '../../src/server/open-services.ts';
import { makeClock, makeConfig } from '../support/harness.ts';

/** What of a row a trigger notes, by table. */
const NOTED = {
  ingestion_sdk_hours: 'new.key_id || new.outcome || new.code',
  event_names: 'new.app_id || new.sent_name',
};

it('writes counts and names in the order of their keys: in different ones, nodes would deadlock', async () => {
  const { control, ingestion, close } = await openControlServices(makeConfig(), makeClock());
  const { db } = control;
  await sql`CREATE TABLE written (id INTEGER PRIMARY KEY, target TEXT, row TEXT)`.execute(db);
  for (const [table, columns] of Object.entries(NOTED))
    await sql
      .raw(
        `CREATE TRIGGER note_${table} AFTER INSERT ON ${table}
         BEGIN INSERT INTO written (target, row) VALUES ('${table}', ${columns}); END`,
      )
      .execute(db);
  for (const keyId of ['b', 'c', 'a']) {
    const source = { projectId: 'proj_1', keyId, sdkId: 'posthog' } as const;
    const appId = `app_${keyId}`;
    for (const code of ['z', 'y']) ingestion.countRefused({ ...source, appId, sdk: undefined, code });
    const sentNames = ['n2', 'n1'].map((sentName) => {
      return { appId, eventName: 'n', sentName, isAutomatic: false, count: 1 };
    });
    const rows = [{ app_id: appId, sdk: '', event_name: 'a' }];
    ingestion.countBatch({ ...source, rows, stored: [true], rejected: [], sentNames });
  }
  await ingestion.flush();
  const list = async (table: keyof typeof NOTED) => {
    const query = sql<{ row: string }>`SELECT row FROM written WHERE target = ${table} ORDER BY id`;
    return (await query.execute(db)).rows.map(({ row }) => row);
  };
  const toCounts = (key: string) => ['accepted', 'refusedy', 'refusedz'].map((end) => key + end);
  assert.deepEqual(await list('ingestion_sdk_hours'), ['a', 'b', 'c'].flatMap(toCounts));
  const toNames = (key: string) => [`app_${key}n1`, `app_${key}n2`];
  assert.deepEqual(await list('event_names'), ['a', 'b', 'c'].flatMap(toNames));
  await close();
});
