import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
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

/** Turns the store into one of an older release, without the last migration. */
async function forgetMigration(): Promise<void> {
  const gateway = await openGateway(embedded(store.path), { size: 1, waitingMax: 1 });
  const last = "startsWith(name, '0003')";
  await gateway.command(`ALTER TABLE schema_migrations DELETE WHERE ${last} SETTINGS mutations_sync = 2`);
  await gateway.close();
}

test('a damaged ledger is reported by doctor and at the start even if migrations are pending, until that is accepted', async () => {
  assert.deepEqual(await start(), []);
  await forgetMigration();
  await writeFile(ledgerFile(store.path), 'not what was written');
  const { pending, problems } = await inspectStore(store.path);
  assert.deepEqual(pending, ['0003-start-with-broken-parts.sql']);
  assert.match(problems.join(), /^ledger\.json, .* is missing or damaged/);
  assert.match((await start()).join(), /ledger\.json, .* was missing or damaged/);
  await acceptLosses(store.path, new Date());
  assert.deepEqual(await start(), []);
});
