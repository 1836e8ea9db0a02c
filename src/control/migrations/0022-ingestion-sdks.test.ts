import assert from 'node:assert/strict';
import { it } from 'node:test';
import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { up as createTables } from './0014-ingestion.ts';
import { up as reorder } from './0021-ingestion-order.ts';
import { up } from './0022-ingestion-sdks.ts';

it('keeps the counts and samples of earlier releases, as those of an unknown SDK', async () => {
  const database = new Database(':memory:');
  const db = new Kysely({ dialect: new SqliteDialect({ database }) });
  await createTables(db);
  await reorder(db);
  database.exec(`
    INSERT INTO ingestion_hours (project_id, key_id, hour, sdk, app_id, outcome, code, count) VALUES
      ('proj_1', 'key_1', 3600000, 'ios/1', 'app_1', 'accepted', '', 7),
      ('proj_1', 'key_1', 3600000, '', '', 'refused', 'rate_limited', 2);
    INSERT INTO ingestion_samples (id, project_id, at, key_id, sdk, code, field, message, is_cut)
      VALUES ('smp_1', 'proj_1', 1, 'key_1', 'ios/1', 'invalid_event', 'event', 'Send another.', 0);
  `);
  await up(db);
  const counts = 'SELECT sdk_id, sdk, outcome, code, count FROM ingestion_hours ORDER BY count';
  assert.deepEqual(database.prepare(counts).all(), [
    { sdk_id: 'unknown', sdk: '', outcome: 'refused', code: 'rate_limited', count: 2 },
    { sdk_id: 'unknown', sdk: 'ios/1', outcome: 'accepted', code: '', count: 7 },
  ]);
  assert.deepEqual(database.prepare('SELECT id, sdk_id FROM ingestion_samples').all(), [
    { id: 'smp_1', sdk_id: 'unknown' },
  ]);
  const indexes =
    "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'ingestion_hours' ORDER BY name";
  assert.deepEqual(database.prepare(indexes).pluck().all(), [
    'ingestion_hours_by_hour',
    'ingestion_hours_by_project',
  ]);
  await db.destroy();
});
