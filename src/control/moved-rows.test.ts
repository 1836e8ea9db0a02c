import assert from 'node:assert/strict';
import { it } from 'node:test';
import { cleanUp } from '../../test/support/clean-up.ts';
import { makeTempDir } from '../../test/support/harness.ts';
import { systemClock } from '../lib/clock.ts';
import { MOVED_CONTROL_TABLES, sumControl } from './moved-rows.ts';
import { findControlPlace, openControl } from './open.ts';

const place = findControlPlace({ dataDir: makeTempDir(), databaseUrl: undefined });
const control = await openControl(place, systemClock());
cleanUp(control.close);

it('moves every table but those of one side only', async () => {
  const tables = (await control.db.introspection.getTables()).map(({ name }) => name);
  const own = ['schema_migrations', 'leases'];
  assert.deepEqual([...MOVED_CONTROL_TABLES, ...own].sort(), tables.sort());
});

it('sees a changed value, but no setting of one side only', async () => {
  const sumOf = async () => (await sumControl(control.db)).get('settings');
  const set = (name: string, value: string) =>
    control.db.insertInto('settings').values({ name, value }).execute();
  await set('a', '1');
  const before = await sumOf();
  await set('moving', 'x');
  await set('event_server', 'x');
  assert.deepEqual(await sumOf(), before);
  await control.db.updateTable('settings').set({ value: '2' }).where('name', '=', 'a').execute();
  assert.equal((await sumOf())?.rows, before?.rows);
  assert.notEqual((await sumOf())?.checksum, before?.checksum);
});
