import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { cleanUp } from '../../../test/support/clean-up.ts';
import { createTestStore, type TestStore } from '../../../test/support/warehouse-store.ts';
import { StorageError } from '../../lib/errors.ts';
import { embedded } from './embedded.ts';
import { type Gateway, openGateway } from './gateway.ts';

const slots = 3;
let store: TestStore;
let gateway: Gateway;

before(async () => {
  store = await createTestStore();
  gateway = await openGateway(embedded(store.path), { size: slots, waitingMax: 8 });
  await gateway.command('CREATE TABLE round (id UInt32, text String) ENGINE = MergeTree ORDER BY id');
});

cleanUp(async () => {
  await gateway.close();
  await store.remove();
});

const slow = 'SELECT count() AS n FROM numbers(100000000000) WHERE sipHash64(number) = 1';

/** Queries on all slots concurrently, so that each connection answers. */
async function assertAllClean(): Promise<void> {
  const sql = 'SELECT number, sleep(0.05) AS zero FROM numbers(3)';
  const answers = await Promise.all(Array.from({ length: slots }, () => gateway.query(sql)));
  const row = (number: number) => ({ number: String(number), zero: 0 });
  for (const rows of answers) assert.deepEqual(rows, [row(0), row(1), row(2)]);
}

async function assertRejected(queries: Promise<unknown>[], reason: string): Promise<void> {
  for (const result of await Promise.allSettled(queries)) {
    assert.equal(result.status, 'rejected');
    assert.ok(hasReason(reason)(result.reason), String(result.reason));
  }
}

function hasReason(reason: string) {
  return (error: unknown) => error instanceof StorageError && error.reason === reason;
}

test('answers correctly on every connection after timeouts', async () => {
  const late = 'SELECT number, sleepEachRow(0.01) AS zero FROM numbers(1000) SETTINGS max_block_size = 1';
  for (const sql of [slow, late]) {
    const queries = Array.from({ length: slots }, () => gateway.query(sql, {}, { timeoutMs: 100 }));
    await assertRejected(queries, 'timeout');
    await assertAllClean();
  }
});

test('answers correctly on every connection after failures, including partially written results', async () => {
  const broken = [
    'SELECT nonsense',
    'SELECT FROM WHERE',
    'SELECT number, throwIf(number = 5) AS x FROM numbers(100000) SETTINGS max_block_size = 1',
  ];
  for (const sql of broken) {
    const queries = Array.from({ length: slots }, () => gateway.query(sql));
    await assertRejected(queries, 'unavailable');
    await assertAllClean();
  }
});

test('rejects an aborting caller immediately, and answers correctly on every connection afterwards', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const queries = Array.from({ length: slots }, () => gateway.query(slow, {}, { timeoutMs: 600, signal }));
  const waiting = gateway.query('SELECT 1 AS one', {}, { signal });
  const started = performance.now();
  setImmediate(() => controller.abort());
  await assertRejected([...queries, waiting], 'unavailable');
  assert.ok(performance.now() - started < 300);
  await assertAllClean();
});

test('rejects a caller that aborted before its query', async () => {
  await assert.rejects(
    gateway.query('SELECT 1 AS one', {}, { signal: AbortSignal.abort() }),
    hasReason('unavailable'),
  );
});

test("keeps an abandoned query's slot taken, so that such queries cannot pile up", async () => {
  const controller = new AbortController();
  const abandoned = Array.from({ length: slots }, () =>
    gateway.query(slow, {}, { timeoutMs: 500, signal: controller.signal }),
  );
  setImmediate(() => controller.abort());
  await Promise.allSettled(abandoned);
  const started = performance.now();
  await gateway.query('SELECT 1 AS one');
  assert.ok(performance.now() - started > 200);
  await assertAllClean();
});

test('rejects with busy when too many callers wait, and serves the waiting ones', async () => {
  const sql = 'SELECT sleep(0.1) AS zero';
  const queries = Array.from({ length: slots + 8 + 5 }, () => gateway.query(sql));
  const results = await Promise.allSettled(queries);
  assert.equal(results.filter((result) => result.status === 'fulfilled').length, slots + 8);
  for (const result of results) {
    if (result.status === 'rejected') assert.ok(hasReason('busy')(result.reason));
  }
});

test('runs queries with parameters in parallel, one on each connection', async () => {
  const sql = 'SELECT sleep({seconds:Float64}) AS zero';
  const started = performance.now();
  await Promise.all(Array.from({ length: slots }, () => gateway.query(sql, { seconds: 0.4 })));
  assert.ok(performance.now() - started < 400 * slots * 0.8);
});

test("leaves no statement's settings on its connection", async () => {
  const current = "SELECT getSetting('max_block_size') AS size, getSetting('max_execution_time') AS seconds";
  const query = (sql: string, timeoutMs: number) =>
    Promise.all(
      Array.from({ length: slots }, () =>
        gateway.query<{ size: string; seconds: number }>(
          `${current}, sleep(0.05) AS zero ${sql}`,
          {},
          { timeoutMs },
        ),
      ),
    );
  for (const [row] of await query('SETTINGS max_block_size = 7', 900)) {
    assert.equal(String(row?.size), '7');
    assert.ok(row !== undefined && row.seconds <= 0.9);
  }
  for (const [row] of await query('', 9_000)) {
    assert.notEqual(String(row?.size), '7');
    assert.ok(row !== undefined && row.seconds > 1);
  }
});

test('returns money and 64-bit numbers exactly, as text', async () => {
  const sql =
    "SELECT toDecimal128('123456789012345678.100001', 6) AS money, toUInt64(18446744073709551615) AS big";
  assert.deepEqual(await gateway.query(sql), [
    { money: '123456789012345678.100001', big: '18446744073709551615' },
  ]);
});

test('returns any text parameter unchanged, whatever it looks like', async () => {
  const nasty = fc.constantFrom("'", '\\', '\0', '\n', '{b:String}', "\\'", '--', '/*', ';', '😀', '\u2028');
  const text = fc.array(fc.oneof(nasty, fc.string({ unit: 'binary' }))).map((parts) => parts.join(''));
  await fc.assert(
    fc.asyncProperty(text, fc.array(text), async (a, b) => {
      const rows = await gateway.query('SELECT {a:String} AS a, {b:Array(String)} AS b', { a, b });
      assert.deepEqual(rows, [{ a: a.toWellFormed(), b: b.map((item) => item.toWellFormed()) }]);
    }),
    { numRuns: 60 },
  );
});

test('looks up thousands of long ids in one query', async () => {
  const ids = Array.from({ length: 10_000 }, (_, index) => `${index}`.padStart(128, 'x'));
  const sql =
    "SELECT count() AS n FROM numbers(10000) WHERE leftPad(toString(number), 128, 'x') IN {ids:Array(String)}";
  assert.deepEqual(await gateway.query(sql, { ids }), [{ n: '10000' }]);
});

test('stores any text of an insert unchanged', async () => {
  const nasty = fc.constantFrom("'", '"', '\\', '\0', '\n', ';', '{b:String}', ']\n[1,"x"]', '😀');
  const text = fc
    .array(fc.oneof(nasty, fc.string({ unit: 'binary' })))
    .map((parts) => parts.join('').toWellFormed());
  let id = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1 }), async (texts) => {
      id += 1;
      const lines = texts.map((one) => JSON.stringify([id, one]));
      await gateway.command(`INSERT INTO round (id, text) FORMAT JSONCompactEachRow\n${lines.join('\n')}`);
      const rows = await gateway.query<{ text: string }>('SELECT text FROM round WHERE id = {id:UInt32}', {
        id,
      });
      assert.deepEqual(rows.map((row) => row.text).sort(), [...texts].sort());
    }),
    { numRuns: 30 },
  );
});

test('rejects a missing parameter before the engine sees the statement', async () => {
  await assert.rejects(gateway.query('SELECT {a:String} AS a'), TypeError);
});

test('rejects a second process on the folder, naming the folder and the holder', () => {
  const url = new URL('./embedded.ts', import.meta.url).href;
  const script = `import { embedded } from '${url}';
    await embedded(process.argv[1])().then(() => console.log('opened'), (error) => console.log(error.reason, error.message));`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script, store.path], {
    encoding: 'utf8',
  });
  assert.match(child.stdout, /^busy .*another Appflow process/);
  assert.ok(child.stdout.includes(store.path) && child.stdout.includes(String(process.pid)));
});

test('rejects a second folder in the same process', async () => {
  const other = await createTestStore();
  await assert.rejects(embedded(other.path)(), /this process has another one open/);
  await other.remove();
});

test('rejects calls after closing', async () => {
  const closing = await openGateway(embedded(store.path), { size: 1, waitingMax: 1 });
  const running = closing.query('SELECT sleep(0.1) AS zero');
  const waiting = closing.query('SELECT 1 AS one');
  const closed = closing.close();
  await assert.rejects(waiting, hasReason('busy'));
  assert.deepEqual(await running, [{ zero: 0 }]);
  await closed;
  await assert.rejects(closing.query('SELECT 1 AS one'), hasReason('busy'));
  await assert.rejects(closing.command('SELECT 1'), hasReason('busy'));
});

test('a large result is complete and in order, and is parsed over many turns of the event loop', async () => {
  // Some 12 MB, which take 100 ms or more to parse.
  const count = 200_000;
  let [longestMs, lastMs] = [0, cpuMs()];
  let immediate = setImmediate(watch);
  function watch(): void {
    longestMs = Math.max(longestMs, cpuMs() - lastMs);
    lastMs = cpuMs();
    immediate = setImmediate(watch);
  }
  const rows = await gateway.query<{ n: number; text: string }>(
    `SELECT toUInt32(number) AS n, concat('line\\n', toString(number)) AS text, 1 AS a, 2 AS b, 3 AS c FROM numbers(${count})`,
  );
  clearImmediate(immediate);
  longestMs = Math.max(longestMs, cpuMs() - lastMs);
  const parsedMs = measureMs(() => JSON.parse(JSON.stringify(rows)));
  assert.equal(rows.length, count);
  assert.ok(rows.every(({ n, text }, index) => n === index && text === `line\n${index}`));
  assert.ok(longestMs < parsedMs / 2, `${longestMs} ms in one turn of ${parsedMs} ms`);
});

/** Processor time of this thread, which a busy machine does not change. */
const cpuMs = () => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};

function measureMs(work: () => void): number {
  const from = cpuMs();
  work();
  return cpuMs() - from;
}
