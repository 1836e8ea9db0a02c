import assert from 'node:assert/strict';
import { it } from 'node:test';
import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { up } from './0006-leaked-secrets.ts';

it('moves each pending leak to the newest secret of its key, and keeps handled ones handled', async () => {
  const database = new Database(':memory:');
  database.exec(`
    CREATE TABLE api_keys (id TEXT PRIMARY KEY);
    CREATE TABLE key_secrets (key_id TEXT, version INTEGER);
    CREATE TABLE leaked_keys (key_id TEXT PRIMARY KEY REFERENCES api_keys, disable_at BIGINT NOT NULL, done_at BIGINT);
    INSERT INTO api_keys VALUES ('key_1'), ('key_2'), ('key_3');
    INSERT INTO key_secrets VALUES ('key_1', 1), ('key_1', 3), ('key_1', 2), ('key_2', 1), ('key_3', 1);
    INSERT INTO leaked_keys VALUES ('key_1', 100, NULL), ('key_2', 200, 201);
  `);
  const db = new Kysely({ dialect: new SqliteDialect({ database }) });
  await up(db);
  assert.deepEqual(database.prepare('SELECT * FROM leaked_secrets ORDER BY key_id').all(), [
    { key_id: 'key_1', version: 3, disable_at: 100, done_at: null },
    { key_id: 'key_2', version: 1, disable_at: 200, done_at: 201 },
  ]);
  const { count } = database
    .prepare("SELECT count(*) AS count FROM sqlite_master WHERE name = 'leaked_keys'")
    .get() as { count: number };
  assert.equal(count, 0);
  await db.destroy();
});
