import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventRow, insertOnly, useTestGateway } from '../../test/support/warehouse-store.ts';
import { StorageError } from '../lib/errors.ts';
import { encodeBlock } from './logged-block.ts';
import { listPendingMigrations, migrate } from './migrate.ts';

const gateway = useTestGateway();
const isDamage = (error: unknown) =>
  error instanceof StorageError && /schema_migrations is empty or missing/.test(error.message);

test('a migration whose record is lost is not repeated, because later ones are recorded', async () => {
  assert.deepEqual(await listPendingMigrations(gateway), []);
  const lost = "name = '0004-persons-and-rollups.sql'";
  await gateway.command(`ALTER TABLE schema_migrations DELETE WHERE ${lost} SETTINGS mutations_sync = 2`);
  assert.deepEqual(await listPendingMigrations(gateway), []);
  assert.deepEqual(await migrate(gateway), []);
});

test('without any record, all migrations run in a store without events, and none in one with events', async () => {
  await gateway.command('TRUNCATE TABLE schema_migrations SYNC');
  const all = await migrate(gateway);
  assert.equal(all[0], '0001-events.sql');
  await insertOnly(gateway, ['events'], [encodeBlock(1, [eventRow({ event_id: 'one' })])]);
  await gateway.command('TRUNCATE TABLE schema_migrations SYNC');
  await assert.rejects(listPendingMigrations(gateway), isDamage);
  await gateway.command('DROP TABLE schema_migrations SYNC');
  await assert.rejects(listPendingMigrations(gateway), isDamage);
  await assert.rejects(migrate(gateway), isDamage);
  await gateway.command('TRUNCATE TABLE events SYNC');
  assert.deepEqual(await migrate(gateway), all);
});

test('events from before the hash of users was stored get it in their files', async () => {
  const migration = '0009-user-hash.sql';
  await gateway.command('ALTER TABLE events DROP COLUMN user_hash SETTINGS mutations_sync = 2');
  await insertOnly(gateway, ['events'], [encodeBlock(1, [eventRow({ event_id: 'one' })])]);
  await gateway.command(
    `ALTER TABLE schema_migrations DELETE WHERE name >= '${migration}' SETTINGS mutations_sync = 2`,
  );
  assert.equal((await migrate(gateway))[0], migration);
  const rows = await gateway.query(
    `SELECT user_hash = toUInt16(sipHash64(app_user_id)) AS isRight, (
      SELECT count() FROM system.parts_columns
      WHERE active AND database = currentDatabase() AND table = 'events' AND column = 'user_hash') AS parts FROM events`,
  );
  assert.deepEqual(rows, [{ isRight: 1, parts: '1' }]);
});
