import assert from 'node:assert/strict';
import { it } from 'node:test';
import { useTestGateway } from '../../../test/support/warehouse-store.ts';
import { MOVED_TABLES } from './moved-tables.ts';
import { type Column, compareSums, listColumns, sumGroups } from './sum-groups.ts';

const gateway = useTestGateway();

it('moves every table but the list of migrations, and one that each start writes again', async () => {
  const tables = await gateway.query<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND name NOT IN ('schema_migrations', 'linked_days')",
  );
  assert.deepEqual(MOVED_TABLES.map(({ name }) => name).sort(), tables.map(({ name }) => name).sort());
});

it('sees a difference in any column of an event, a missing row, a row that is there twice, and NULL', async () => {
  const events = MOVED_TABLES.find(({ name }) => name === 'events') ?? assert.fail();
  const columns = await listColumns(gateway, 'events');
  const plain = ({ type }: Column) => (type.includes('String') ? "''" : '1');
  const insert = (changed: Readonly<Record<string, string>> = {}) => {
    const values = columns.map((one) => `CAST(${changed[one.name] ?? plain(one)} AS ${one.type})`);
    const names = columns.map(({ name }) => name).join(', ');
    return gateway.command(`INSERT INTO events (${names}) SELECT ${values.join(', ')}`);
  };
  const sumAfter = async (fill: () => Promise<void>) => {
    await gateway.command('TRUNCATE TABLE events');
    await fill();
    return sumGroups(gateway, events);
  };
  const before = await sumAfter(() => insert());
  assert.deepEqual(compareSums(before, await sumAfter(() => insert())), []);
  for (const { name } of columns)
    assert.notDeepEqual(compareSums(before, await sumAfter(() => insert({ [name]: "'9'" }))), [], name);
  assert.notDeepEqual(compareSums(before, await sumAfter(() => insert({ revenue: 'NULL' }))), []);
  assert.notDeepEqual(compareSums(before, await sumAfter(async () => {})), []);
  assert.notDeepEqual(compareSums(before, await sumAfter(() => insert().then(() => insert()))), []);
});
