import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { cleanUp } from '../../../test/support/clean-up.ts';
import { createTestStore, type TestStore } from '../../../test/support/warehouse-store.ts';
import { StorageError } from '../../lib/errors.ts';
import { embedded } from './embedded.ts';
import { QUICK_MS } from './fair-choice.ts';
import { type Gateway, openGateway } from './gateway.ts';
import { querySettings } from './query-memory.ts';

const MEGABYTE = 1_000_000;
const READERS = 4;
/** Each reader: 100 MB, and files of 400 MB. */
const MEMORY = 400 * MEGABYTE;

let store: TestStore;
let control: Gateway;
let readers: Gateway;

before(async () => {
  store = await createTestStore();
  control = await openGateway(embedded(store.path), { size: 1, waitingMax: 8 });
  readers = await openGateway(embedded(store.path, querySettings(MEMORY, READERS)), {
    ...{ size: READERS, waitingMax: 64, control },
  });
});

cleanUp(async () => {
  await readers.close();
  await control.close();
  await store.remove();
});

const hasReason = (reason: string) => (error: unknown) =>
  error instanceof StorageError && error.reason === reason;

/** Runs until it is killed or its time is over. */
const ENDLESS = 'SELECT count() AS n FROM numbers(100000000000) WHERE sipHash64(number) = 1';

async function countRunning(): Promise<number> {
  const sql = "SELECT count() AS n FROM system.processes WHERE query LIKE '%numbers(100000000000)%'";
  const [row] = await control.query<{ n: string }>(`${sql} AND query NOT LIKE '%system.processes%'`);
  return Number(row?.n);
}

test('a query that needs more memory than its part is refused, and the next one on its connection is answered', async () => {
  const distinct = 'SELECT uniqExact(number) AS n FROM numbers(20000000)';
  for (let round = 0; round < READERS; round += 1) {
    await assert.rejects(readers.query(distinct), hasReason('too_large'));
  }
  assert.deepEqual(await readers.query('SELECT 1 AS one'), [{ one: 1 }]);
  // The same on a connection with the writer's limit.
  assert.deepEqual(await control.query(distinct), [{ n: '20000000' }]);
});

test('grouping and sorting go on in files when they need more memory, and give the same result', async () => {
  const grouped = `SELECT count() AS n, sum(c) AS s FROM (
    SELECT toString(number % 1500000) AS k, count() AS c FROM numbers(3000000) GROUP BY k)`;
  assert.deepEqual(await readers.query(grouped), [{ n: '1500000', s: '3000000' }]);
  const sorted = `SELECT hex(max(k)) AS k FROM (
    SELECT toString(sipHash64(number)) AS k, repeat('x', 60) AS x FROM numbers(2000000) ORDER BY k LIMIT 1900000, 1)`;
  assert.equal((await readers.query(sorted)).length, 1);
});

test('a query that its caller gave up, or that waited too long, no longer runs a second later', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const given = readers.query(ENDLESS, { project_id: 'proj_a' }, { signal });
  const late = readers.query(ENDLESS, { project_id: 'proj_b' }, { timeoutMs: 300 });
  const rejected = Promise.allSettled([given, late]);
  while ((await countRunning()) < 2);
  controller.abort();
  const abortedAt = performance.now();
  await assert.rejects(given, hasReason('unavailable'));
  while ((await countRunning()) > 1);
  assert.ok(performance.now() - abortedAt < 1_000);
  await rejected;
  while ((await countRunning()) > 0);
});

test("short queries are answered while long ones, their own project's and others', take every other reader", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const long = ['proj_a', 'proj_a', 'proj_a', 'proj_a', 'proj_b', 'proj_b'].map((project_id) =>
    readers.query(ENDLESS, { project_id }, { signal, timeoutMs: 60_000 }),
  );
  const ended = Promise.allSettled(long);
  while ((await countRunning()) < READERS);
  const startedAt = performance.now();
  for (const project_id of ['proj_c', 'proj_a']) {
    assert.deepEqual(await readers.query('SELECT 1 AS one', { project_id }, { isLight: true }), [{ one: 1 }]);
  }
  // Light queries go before the long ones that wait: after two that are on the quick reader at most.
  assert.ok(performance.now() - startedAt < 3 * QUICK_MS, `${performance.now() - startedAt} ms`);
  controller.abort();
  await ended;
});

test('a query that takes long on the quick reader is answered all the same', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const long = ['proj_a', 'proj_a', 'proj_b'].map((project_id) =>
    readers.query(ENDLESS, { project_id }, { signal, timeoutMs: 60_000 }),
  );
  const ended = Promise.allSettled(long);
  while ((await countRunning()) < 3);
  const slow = `SELECT sum(sleepEachRow(0.01)) AS n FROM numbers(${Math.ceil(QUICK_MS / 10) + 50}) SETTINGS max_block_size = 1`;
  const answer = readers.query<{ n: number }>(slow, { project_id: 'proj_c' });
  const short = readers.query('SELECT 1 AS one', { project_id: 'proj_d' });
  setTimeout(() => controller.abort(), QUICK_MS + 300);
  assert.deepEqual(await short, [{ one: 1 }]);
  assert.deepEqual(await answer, [{ n: '0' }]);
  await ended;
});

test('a query gets one thread while the writer is busy, and two otherwise', async () => {
  let isBusy = false;
  const gateway = await openGateway(embedded(store.path), {
    ...{ size: 1, waitingMax: 8, control, isBusy: () => isBusy },
  });
  const readThreads = () => gateway.query("SELECT toUInt8(getSetting('max_threads')) AS threads");
  assert.deepEqual(await readThreads(), [{ threads: 2 }]);
  isBusy = true;
  assert.deepEqual(await readThreads(), [{ threads: 1 }]);
  isBusy = false;
  assert.deepEqual(await readThreads(), [{ threads: 2 }]);
  await gateway.close();
});
