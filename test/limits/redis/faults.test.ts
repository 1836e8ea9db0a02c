import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../../../bench/report.ts';
import { findFreePort } from '../../support/free-port.ts';
import { makeTempDir } from '../../support/harness.ts';
import { startProxy } from '../../support/tcp-proxy.ts';
import { NEEDS_REDIS, startRedis, type TestRedis } from './redis-server.ts';
import { countPassing, oneUnit, openStore, requireHealed, startLoad, waitUntil } from './redis-store.ts';

/** How long a call waits for Redis. Calls that do not wait take less on any machine, except one in a hundred. */
const ANSWER_MS = 50;
/** Far above the 50 ms a call waits for Redis, and below the seconds of a call that waits for its return. */
const UNHELD_MS = 1_500;
/** Startup waits at most a second for Redis; the rest is for a busy machine. */
const START_MS_MAX = 10_000;
const FROZEN_MS = 3_000;

const wide = { rate: 1_000_000, burst: 1_000_000 };
const anyKey = () => oneUnit(`key_${Math.floor(Math.random() * 100)}`, wide);

/** Units of `oneUnit('key')` spent, as stored in Redis: one refills in 864 s. */
async function countSpent({ client }: TestRedis): Promise<number> {
  const [us] = (await client.get('appflow:rl:analytics:key'))?.split(' ') ?? [];
  return Math.round((Number(us) / 1e6 - Date.now() / 1e3) / 864);
}

function describeLatencies(name: string, ms: readonly number[]): string {
  const [p50, p99, max] = [0.5, 0.99, 1].map((p) => quantile(ms, p).toFixed(1));
  return `${name}: ${ms.length} calls, p50 ${p50} ms, p99 ${p99} ms, longest ${max} ms`;
}

describe('a Redis that fails', NEEDS_REDIS, () => {
  test('30: killed under load, every call is decided immediately, and it is used again within 2 s of its return', async (context) => {
    await using redis = await startRedis();
    const store = await openStore(redis.url);
    const load = startLoad(store, anyKey);
    await waitUntil(() => load.calls.length > 500, 10_000);
    await redis.kill();
    await waitUntil(() => store.report().problem !== undefined, 1_000);
    const from = load.calls.length;
    await waitUntil(() => load.calls.length > from + 2_000, 10_000);
    await using _again = await startRedis([], redis.port);
    context.diagnostic(`healed ${(await requireHealed(store)).toFixed(0)} ms after Redis was back`);
    const answered = store.report().callsAnswered;
    await waitUntil(() => store.report().callsAnswered > answered + 100, 2_000);
    const calls = await load.stop();
    context.diagnostic(
      describeLatencies(
        'killed',
        calls.map(({ ms }) => ms),
      ),
    );
    assert.ok(calls.every(({ isAllowed }) => isAllowed));
    assert.ok(Math.max(...calls.map(({ ms }) => ms)) < UNHELD_MS);
    assert.equal(store.lines.length, 2, `one line for each change: ${store.lines.join('')}`);
  });

  test('30: while it is down, each of two processes keeps to half of the limit, and what was spent stays spent', async () => {
    await using redis = await startRedis();
    const stores = [await openStore(redis.url), await openStore(redis.url)] as const;
    await waitUntil(() => stores.every((store) => store.report().processes === 2), 3_000);
    for (let call = 0; call < 20; call += 1) await stores[0].charge(oneUnit('key'));
    await redis.kill();
    const passed = [
      await countPassing(stores[0], oneUnit('key')),
      await countPassing(stores[1], oneUnit('key')),
    ];
    assert.deepEqual(passed, [30, 50]);
    assert.match(stores[0].report().problem ?? '', /1\/2 of each rate limit/);
    assert.equal(stores[0].peek(oneUnit('key'))?.allowed, false, 'the peek knows it too');
    assert.ok(stores[0].report().localDecisions > 0);
  });

  test('31: frozen, only the first few calls and one probe per second wait, nothing piles up, and it recovers when resumed', async (context) => {
    await using redis = await startRedis();
    const store = await openStore(redis.url);
    const load = startLoad(store, anyKey);
    await waitUntil(() => load.calls.length > 500, 10_000);
    const failedBefore = store.report().callsFailed;
    redis.freeze();
    const from = load.calls.length;
    await waitUntil(() => store.report().problem !== undefined, 1_000);
    const opened = load.calls.length;
    await sleep(FROZEN_MS);
    const frozen = load.calls.slice(opened);
    const failed = store.report().callsFailed - failedBefore;
    redis.thaw();
    const healedMs = await requireHealed(store);
    const calls = await load.stop();
    context.diagnostic(
      describeLatencies(
        'frozen, first',
        calls.slice(from, opened).map(({ ms }) => ms),
      ),
    );
    context.diagnostic(
      describeLatencies(
        'frozen, then',
        frozen.map(({ ms }) => ms),
      ),
    );
    context.diagnostic(`${failed} calls waited in vain; healed ${healedMs.toFixed(0)} ms after`);
    assert.ok(Math.max(...calls.map(({ ms }) => ms)) < UNHELD_MS);
    // Eight callers at first, then one probe per second, and at most three heartbeats.
    assert.ok(failed <= 8 + 4 + 4, `${failed} calls waited`);
    assert.ok(
      quantile(
        frozen.map(({ ms }) => ms),
        0.99,
      ) < ANSWER_MS,
    );
  });

  test('32, 34: 200 ms late, calls are decided locally after 50 ms, and a late reply is not requested again', async () => {
    await using redis = await startRedis();
    await using proxy = await startProxy(redis.port);
    const store = await openStore(`redis://127.0.0.1:${proxy.port}`);
    await store.charge(oneUnit('key'));
    proxy.setDelay(200);
    const decidedAlone = store.report().localDecisions;
    const startMs = performance.now();
    assert.ok((await store.charge(oneUnit('key'))).allowed);
    const waitedMs = performance.now() - startMs;
    assert.ok(waitedMs >= 45, `${waitedMs} ms`);
    assert.equal(store.report().localDecisions, decidedAlone + 1, 'decided before the answer came');
    await Promise.all([1, 2, 3].map(() => store.charge(oneUnit('key'))));
    assert.ok(store.report().problem !== undefined);
    proxy.setDelay(0);
    await requireHealed(store);
    while ((await countSpent(redis)) < 5) await sleep(20);
    const decision = await store.charge(oneUnit('key'));
    assert.ok('states' in decision);
    assert.equal(decision.states[0]?.remaining, 100 - 6, 'each of six calls once, the late four too');
  });

  test('33: recovers from a read-only replica once it is promoted', async () => {
    await using redis = await startRedis();
    const store = await openStore(redis.url);
    await redis.client.replicaof('127.0.0.1', await findFreePort());
    for (let call = 0; call < 20; call += 1) assert.ok((await store.charge(oneUnit('key'))).allowed);
    await waitUntil(() => store.report().problem !== undefined, 2_000);
    await redis.client.replicaof('NO', 'ONE');
    await requireHealed(store);
    assert.ok((await store.charge(oneUnit('key'))).allowed);
  });

  test('33: after a failover it resolves the name again, although the old connection is still open', async () => {
    await using old = await startRedis();
    await using next = await startRedis();
    await using proxy = await startProxy(old.port);
    const store = await openStore(`redis://127.0.0.1:${proxy.port}`);
    await old.client.replicaof('127.0.0.1', String(next.port));
    proxy.retarget(next.port);
    await waitUntil(() => {
      void store.charge(oneUnit('key'));
      return store.report().problem !== undefined;
    }, 2_000);
    await requireHealed(store);
    await store.charge(oneUnit('key'));
    assert.equal(await next.client.exists('appflow:rl:analytics:key'), 1);
  });

  test('reconnects to a host that disappears without closing its connections', async () => {
    await using redis = await startRedis();
    await using proxy = await startProxy(redis.port);
    const store = await openStore(`redis://127.0.0.1:${proxy.port}`);
    proxy.swallow();
    for (let call = 0; call < 3; call += 1) assert.ok((await store.charge(oneUnit('key'))).allowed);
    assert.ok(store.report().problem !== undefined);
    await requireHealed(store);
  });

  test('33: degrades when Redis is out of memory with noeviction', async () => {
    await using redis = await startRedis();
    const store = await openStore(redis.url);
    await redis.client.config('SET', 'maxmemory', '1');
    for (let call = 0; call < 20; call += 1) assert.ok((await store.charge(oneUnit('key'))).allowed);
    await waitUntil(() => store.report().problem !== undefined, 3_000);
    await redis.client.config('SET', 'maxmemory', '0');
    await requireHealed(store);
  });

  test('33: recovers from a Redis that is still loading its data', async () => {
    const stored = ['--dir', makeTempDir()];
    await using redis = await startRedis(stored);
    await redis.client.mset(
      Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`key ${index}`, 1])),
    );
    await redis.client.save();
    await redis.kill();
    // Two milliseconds per key, so that there is time to observe it.
    const slowly = ['--key-load-delay', '2000', '--loading-process-events-interval-bytes', '1024'];
    const loading = startRedis([...stored, ...slowly], redis.port);
    try {
      const store = await openStore(redis.url);
      assert.equal(await countPassing(store, oneUnit('key')), 100);
      assert.ok(store.report().problem !== undefined);
      await loading;
      await requireHealed(store);
    } finally {
      await (await loading)[Symbol.asyncDispose]();
    }
  });

  test('33: forgotten scripts and a value of another type cause no failure at all', async () => {
    await using redis = await startRedis();
    const store = await openStore(redis.url);
    await store.charge(oneUnit('key'));
    await redis.client.script('FLUSH');
    assert.ok((await store.charge(oneUnit('key'))).allowed);
    await redis.client.del('appflow:rl:analytics:key');
    await redis.client.sadd('appflow:rl:analytics:key', 'a set');
    assert.ok((await store.charge(oneUnit('key'))).allowed);
    assert.equal(store.report().callsFailed, 0);
  });

  test('33: a wrong password degrades, is never logged, and the right one works once it is set', async () => {
    await using redis = await startRedis(['--requirepass', 'right-one']);
    const store = await openStore(`redis://:wrong-one@127.0.0.1:${redis.port}`);
    assert.ok(store.report().problem !== undefined);
    assert.equal(await countPassing(store, oneUnit('key')), 100);
    await redis.client.config('SET', 'requirepass', 'wrong-one');
    await requireHealed(store);
    assert.match(store.lines[0] ?? '', /WRONGPASS/);
    assert.doesNotMatch(store.lines.join(''), /wrong-one/);
  });

  test('33: an unresolvable host name and missing permissions degrade', async () => {
    const unresolvable = await openStore('redis://redis.invalid:6379');
    assert.equal(await countPassing(unresolvable, oneUnit('key')), 100);
    await using redis = await startRedis();
    await redis.client.call('ACL', 'SETUSER', 'poor', 'on', '>secret', '+hello', '+client', '+info');
    const poor = await openStore(`redis://poor:secret@127.0.0.1:${redis.port}`);
    assert.equal(await countPassing(poor, oneUnit('key')), 100);
    assert.ok(poor.report().problem !== undefined);
  });

  test('36: without Redis at startup, the process starts degraded and recovers when Redis comes up', async () => {
    const port = await findFreePort();
    const startMs = performance.now();
    const store = await openStore(`redis://127.0.0.1:${port}`);
    assert.ok(performance.now() - startMs < START_MS_MAX);
    assert.ok(store.report().problem !== undefined);
    assert.equal(await countPassing(store, oneUnit('key')), 100);
    await using redis = await startRedis([], port);
    await requireHealed(store);
    assert.equal(await countPassing(store, oneUnit('key')), 100);
    assert.equal(await redis.client.exists('appflow:rl:analytics:key'), 1);
  });

  test('36: a server that accepts connections and never replies does not delay startup', async () => {
    await using redis = await startRedis();
    redis.freeze();
    const startMs = performance.now();
    const store = await openStore(redis.url);
    assert.ok(performance.now() - startMs < START_MS_MAX);
    assert.ok((await store.charge(oneUnit('key'))).allowed);
    redis.thaw();
    await requireHealed(store);
  });

  test('37: startup warns about an evicting policy, and not about noeviction', async () => {
    await using redis = await startRedis(['--maxmemory-policy', 'allkeys-lru']);
    const store = await openStore(redis.url);
    await waitUntil(() => store.report().warning !== undefined, 1_000);
    assert.match(store.report().warning ?? '', /allkeys-lru/);
    assert.match(store.lines.join(''), /noeviction/);
    await redis.client.config('SET', 'maxmemory-policy', 'noeviction');
    const other = await openStore(redis.url);
    // Redis replies in order, so the commands sent at startup have been answered by then.
    await other.charge(oneUnit('key'));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(other.report().warning, undefined);
  });

  test('a pause of this process is not mistaken for a silent Redis', async () => {
    await using redis = await startRedis();
    const store = await openStore(redis.url);
    await store.charge(oneUnit('key'));
    const calls = [1, 2, 3, 4].map(() => store.charge(oneUnit('key')));
    await new Promise((resolve) => setImmediate(resolve));
    // Sleeps rather than spins, because Redis may need the CPU meanwhile.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    await Promise.all(calls);
    assert.deepEqual([store.report().callsFailed, store.report().problem], [0, undefined]);
  });
});
