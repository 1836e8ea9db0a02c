import assert from 'node:assert/strict';
import { it } from 'node:test';
import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { up as createTables } from './0014-ingestion.ts';
import { up as reorder } from './0021-ingestion-order.ts';
import { up } from './0022-ingestion-sdks-additive.ts';

/** As the release before writes counts and samples. */
const EARLIER = `
  INSERT INTO ingestion_hours (project_id, key_id, hour, sdk, app_id, outcome, code, count)
    VALUES ('proj_1', 'key_1', 3600000, 'ios/1', 'app_1', 'accepted', '', 7)
    ON CONFLICT (project_id, key_id, hour, sdk, app_id, outcome, code)
    DO UPDATE SET count = ingestion_hours.count + excluded.count;
  INSERT INTO ingestion_samples (id, project_id, at, key_id, sdk, code, field, message, is_cut)
    VALUES ('smp_' || random(), 'proj_1', 1, 'key_1', 'ios/1', 'invalid_event', 'event', 'Send another.', 0);
`;

it('keeps the counts and samples of earlier releases, which go on writing them as before', async () => {
  const database = new Database(':memory:');
  const db = new Kysely({ dialect: new SqliteDialect({ database }) });
  await createTables(db);
  await reorder(db);
  const readSchema = () =>
    database.prepare("SELECT sql FROM sqlite_master WHERE tbl_name = 'ingestion_hours' ORDER BY name").all();
  const before = readSchema();
  database.exec(EARLIER);
  await up(db);
  database.exec(EARLIER);
  assert.deepEqual(readSchema(), before);
  assert.deepEqual(database.prepare('SELECT count FROM ingestion_hours').pluck().all(), [14]);
  assert.deepEqual(database.prepare('SELECT sdk_id FROM ingestion_samples').pluck().all(), [
    'unknown',
    'unknown',
  ]);
  await db.destroy();
});
