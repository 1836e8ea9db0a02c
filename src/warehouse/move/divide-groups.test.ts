import assert from 'node:assert/strict';
import { it } from 'node:test';
import { useTestGateway } from '../../../test/support/warehouse-store.ts';
import { divideGroups } from './divide-groups.ts';
import { MOVED_TABLES } from './moved-tables.ts';
import { compareSums, type Difference, type Reader, sumGroups } from './sum-groups.ts';

const gateway = useTestGateway();
const users = MOVED_TABLES.find(({ name }) => name === 'users') ?? assert.fail();

/** Another table is the other side. */
const target: Reader = {
  query: (sql, params) => gateway.query(sql.replace('FROM users', 'FROM moved_users'), params),
};

const rowsOf = (groups: readonly Difference[]) =>
  groups.reduce((sum, { source }) => sum + (source?.rows ?? 0), 0);

it('copies little of an app with many users when a few are new, have changed or are gone', async () => {
  await gateway.command('CREATE TABLE moved_users AS users');
  const insert = (table: string, from: number, to: number, app = 'large') =>
    gateway.command(`INSERT INTO ${table} (project_id, app_id, app_user_id, first_seen, last_seen)
      SELECT 'p', '${app}', toString(number), toDateTime64(0, 3, 'UTC'), toDateTime64(number, 3, 'UTC') FROM numbers(${from}, ${to - from})`);
  await insert('users', 1, 20_000);
  await insert('moved_users', 0, 19_999);
  await insert('users', 0, 10, 'small');
  await insert('moved_users', 0, 9, 'small');
  await gateway.command(
    "INSERT INTO users VALUES ('p', 'large', '7', toDateTime64(0, 3, 'UTC'), toDateTime64(8, 3, 'UTC'))",
  );
  const groups = compareSums(await sumGroups(gateway, users), await sumGroups(target, users));
  assert.equal(rowsOf(groups), 20_009);
  const found = await divideGroups({ table: users, groups }, gateway, target);
  const rows = found.reduce((sum, one) => sum + rowsOf(one.groups), 0);
  assert.ok(rows > 12 && rows < 600, String(rows));
  // The small app as a whole, and the parts of '0', '7' and '19999' in the large one.
  assert.deepEqual(
    found.map((one) => one.groups.length),
    [1, 3],
  );
});
