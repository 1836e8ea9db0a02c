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
