import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { cleanUp } from '../../test/support/clean-up.ts';
import { createTestStore, type TestStore } from '../../test/support/warehouse-store.ts';
import { StorageError } from '../lib/errors.ts';
import { openLog } from '../lib/log.ts';
import { embedded } from './engine/embedded.ts';
import { type Gateway, openGateway } from './engine/gateway.ts';
import { eventKey, hashKey } from './id-filter.ts';
import { migrate } from './migrate.ts';
import { openSeenIds } from './seen-ids.ts';

const log = openLog('silent');
const stored = 120_000;
let store: TestStore;
let gateway: Gateway;

before(async () => {
  store = await createTestStore();
  gateway = await openGateway(embedded(store.path), { size: 2, waitingMax: 8 });
  await migrate(gateway);
  await storeIds(0, stored);
});

cleanUp(async () => {
  await gateway.close();
  await store.remove();
});

async function storeIds(from: number, count: number): Promise<void> {
  await gateway.command(`INSERT INTO event_ids (project_id, event_id, app_id, verified, block)
    SELECT concat('proj_', toString(number % 3)), concat('e', toString(intDiv(number, 12) * 12)),
      concat('app_', toString(number % 2)), number % 4 < 2, intDiv(number, 12)
    FROM numbers(${from}, ${count})`);
}

function hashOf(index: number): number {
  // Twelve events share an id: of three projects, two apps and two kinds of key.
  const verified = index % 4 < 2 ? 1 : 0;
  const id = { event_id: `e${index - (index % 12)}`, app_id: `app_${index % 2}`, verified } as const;
  return hashKey(eventKey({ ...id, project_id: `proj_${index % 3}` }));
}

test('reports every id as possible until loaded, then all stored ones and hardly any other', async () => {
  const seenIds = await openSeenIds(gateway, log);
  assert.equal(seenIds.isLoaded(), false);
  assert.equal(seenIds.mayHave(hashOf(stored + 1)), true);
  await seenIds.settled();
  assert.equal(seenIds.isLoaded(), true);
  for (let index = 0; index < stored; index += 1) assert.ok(seenIds.mayHave(hashOf(index)), `e${index}`);
  let maybe = 0;
  for (let index = stored; index < 2 * stored; index += 1) if (seenIds.mayHave(hashOf(index))) maybe += 1;
  assert.ok(maybe < stored / 1000, `${maybe}`);
});

test('knows every id stored during a load and during a rebuild', async () => {
  const seenIds = await openSeenIds(gateway, log, undefined, 1);
  const batch = 50_000;
  for (let from = stored; from < 4 * stored; from += batch) {
    await storeIds(from, batch);
    seenIds.add(Array.from({ length: batch }, (_, index) => hashOf(from + index)));
    for (let index = from; index < from + batch; index += 1) assert.ok(seenIds.mayHave(hashOf(index)));
  }
  await seenIds.settled();
  for (let index = 0; index < 4 * stored; index += 1) assert.ok(seenIds.mayHave(hashOf(index)), `e${index}`);
});

test('retries when the store fails, and stops on request', async () => {
  let failures = 1;
  const failing: Gateway = {
    ...gateway,
    query: (sql, params, options) => {
      if (sql.includes('base64') && failures > 0) {
        failures -= 1;
        return Promise.reject(new StorageError('unavailable', 'injected'));
      }
      return gateway.query(sql, params, options);
    },
  };
  const seenIds = await openSeenIds(failing, log);
  await seenIds.settled();
  assert.ok(seenIds.isLoaded() && seenIds.mayHave(hashOf(0)));
  const stopped = await openSeenIds(gateway, log);
  stopped.stop();
  await stopped.settled();
  assert.equal(stopped.isLoaded(), false);
});

test('keeps the event loop free while it loads', async () => {
  let worst = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    worst = Math.max(worst, performance.now() - last);
    last = performance.now();
  }, 1);
  await (await openSeenIds(gateway, log)).settled();
  clearInterval(timer);
  assert.ok(worst < 100, `${worst} ms`);
});
