import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { cleanUp } from '../../../test/support/clean-up.ts';
import { createTestStore, eventRow } from '../../../test/support/warehouse-store.ts';
import { embedded } from '../engine/embedded.ts';
import { openGateway } from '../engine/gateway.ts';
import { inspectStore } from '../open.ts';
import { ledgerFile } from './ledger.ts';
import { acceptLosses } from './losses.ts';

const store = await createTestStore();
cleanUp(store.remove);

/** Opens and closes the store, and returns its problems. */
async function start(): Promise<string[]> {
  const warehouse = await store.open();
  await warehouse.append([eventRow({ event_id: 'a' })]);
  const problems = warehouse.listProblems();
  await warehouse.close();
  return problems;
}

/** Makes a migration and those after it pending again. */
async function forgetMigrationsFrom(name: string): Promise<void> {
  const gateway = await openGateway(embedded(store.path), { size: 1, waitingMax: 1 });
  await gateway.command(
    `ALTER TABLE schema_migrations DELETE WHERE name >= '${name}' SETTINGS mutations_sync = 2`,
  );
  await gateway.close();
}

for (const [what, migration, damage] of [
  ['damaged', '0003-start-with-broken-parts.sql', (file: string) => writeFile(file, 'not what was written')],
  ['missing', '0005-erased-ids.sql', (file: string) => rm(file)],
] as const) {
  test(`a ${what} ledger is reported by doctor and at the start even if migrations are pending, until that is accepted`, async () => {
    assert.deepEqual(await start(), []);
    await forgetMigrationsFrom(migration);
    await damage(ledgerFile(store.path));
    const { pending, problems } = await inspectStore(store.path);
    assert.equal(pending[0], migration);
    assert.match(problems.join(), /^ledger\.json, .* is missing or damaged/);
    assert.match((await start()).join(), /ledger\.json, .* was missing or damaged/);
    await acceptLosses(store.path, new Date());
    assert.deepEqual(await start(), []);
  });
}

test('a store of a release without a ledger has no problem', async () => {
  await forgetMigrationsFrom('0003-start-with-broken-parts.sql');
  await rm(ledgerFile(store.path));
  assert.deepEqual((await inspectStore(store.path)).problems, []);
  assert.deepEqual(await start(), []);
});
