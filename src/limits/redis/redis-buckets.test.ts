import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import fc from 'fast-check';
import { NEEDS_REDIS, startRedis, type TestRedis } from '../../../test/limits/redis/redis-server.ts';
import { cleanUp } from '../../../test/support/clean-up.ts';
import { type Decision, decide, decideRefusal, type LimitState } from '../gcra/decide.ts';
import { createLimit, type Limit } from '../gcra/limit.ts';
import type { BucketCharge } from '../gcra/store.ts';
import { createMemoryLimiter } from '../memory.ts';
import { type ChargeMode, chargeBuckets, keyOf } from './redis-buckets.ts';
import { openRedisClient, type RedisClient } from './redis-client.ts';

const startUs = 1_800_000_000_000_000;

function firstState(decision: Decision): LimitState {
  const state = 'states' in decision ? decision.states[0] : undefined;
  assert.ok(state);
  return state;
}

describe('the script in Redis', NEEDS_REDIS, () => {
  let redis: TestRedis;
  let client: RedisClient;
  let runs = 0;

  before(async () => {
    redis = await startRedis();
    const ready = Promise.withResolvers<void>();
    // This suite needs exact results, not fast ones: a busy machine may take its time.
    client = openRedisClient(redis.url, { onReady: ready.resolve, onLost: () => undefined }, 60_000);
    await ready.promise;
  });
  cleanUp(async () => {
    client.close();
    await redis[Symbol.asyncDispose]();
  });

  /** Isolated buckets, with a clock the test advances. */
  function openBuckets() {
    runs += 1;
    const prefix = `run${runs}:`;
    let now = startUs;
    async function charge(charges: readonly BucketCharge[], mode: ChargeMode = 'charge'): Promise<Decision> {
      const owedTicks = await chargeBuckets(client, charges, mode, { prefix, serverNowUs: now });
      return mode === 'charge' ? decide(owedTicks, charges) : decideRefusal(owedTicks, charges);
    }
    return {
      prefix,
      charge,
      now: () => now,
      wait(us: number) {
        now += us;
      },
      async countPassing(charges: readonly BucketCharge[]) {
        let passed = 0;
        while ((await charge(charges)).allowed) passed += 1;
        return passed;
      },
    };
  }

  const rates = [
    { rate: 10, burst: 60 },
    { rate: 3, burst: 40 },
    { rate: 0.333333, burst: 7 },
    { rate: 0.654321, burst: 90 },
    { rate: 1, perSeconds: 86_400, burst: 2 },
    { rate: 100_000, burst: 300 },
    { rate: 10, burst: 15 },
  ];
  const limitsOf = (policy: 'events' | 'analytics') => rates.map((rate) => createLimit(policy, rate));
  const limits = { events: limitsOf('events'), analytics: limitsOf('analytics') };

  const share = fc.integer({ min: -30, max: 100 });
  const rateAt = fc.integer({ min: 0, max: rates.length - 1 });
  const call = fc.record({
    waitUs: fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      { weight: 2, arbitrary: fc.integer({ min: 0, max: 50 }) },
      { weight: 2, arbitrary: fc.integer({ min: 0, max: 3_000_000 }) },
    ),
    mode: fc.constantFrom<ChargeMode>('charge', 'charge', 'charge', 'refusal'),
    bucket: fc.constantFrom('key_a', 'key_b', 'key_c 192.0.2.1'),
    isPair: fc.boolean(),
    share,
    otherShare: fc.oneof(fc.constant(0), share),
    // Mostly the same limit; occasionally it changes live.
    rateAt: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: rateAt }),
    otherRateAt: fc.oneof({ weight: 9, arbitrary: fc.constant(3) }, { weight: 1, arbitrary: rateAt }),
  });

  function chargesOf(next: typeof call extends fc.Arbitrary<infer Call> ? Call : never): BucketCharge[] {
    const toCharge = (limit: Limit | undefined, part: number): BucketCharge[] =>
      limit === undefined
        ? []
        : [{ limit, cost: Math.ceil((limit.burst * part) / 100), bucket: next.bucket }];
    const first = toCharge(limits.events[next.rateAt], next.share);
    const second = toCharge(limits.analytics[next.otherRateAt], next.otherShare);
    return next.isPair ? [...first, ...second] : first;
  }

  test('5: decides, counts and reports waits like the memory store, over 20,000 and more random weighted calls', async () => {
    const calls = fc.array(call, { minLength: 250, maxLength: 300, size: 'max' });
    let decided = 0;
    await fc.assert(
      fc.asyncProperty(calls, async (sequence) => {
        const shared = openBuckets();
        const memory = createMemoryLimiter({ nowUs: shared.now });
        const both = sequence.map(async (next) => {
          shared.wait(next.waitUs);
          const charges = chargesOf(next);
          const want = next.mode === 'charge' ? memory.charge(charges) : memory.chargeRefusal(charges);
          return { want, got: await shared.charge(charges, next.mode) };
        });
        for (const { want, got } of await Promise.all(both)) assert.deepEqual(got, want);
        decided += sequence.length;
      }),
      { numRuns: 90, endOnFailure: true },
    );
    assert.ok(decided >= 20_000, `${decided} calls`);
  });

  test('6: does not drift from the memory store in 10,000 spaced calls at a fractional rate', async () => {
    const shared = openBuckets();
    const memory = createMemoryLimiter({ nowUs: shared.now });
    const charges = [
      { limit: createLimit('events', { rate: 7, perSeconds: 60, burst: 2 }), cost: 1, bucket: 'a' },
    ];
    for (let block = 0; block < 50; block += 1) {
      const both = Array.from({ length: 200 }, async () => {
        shared.wait(4_000_001);
        return [memory.charge(charges), await shared.charge(charges)];
      });
      for (const [want, got] of await Promise.all(both)) assert.deepEqual(got, want);
    }
  });

  const analytics = createLimit('analytics', { rate: 10, burst: 60 });
  const one = (bucket: string, limit = analytics): BucketCharge[] => [{ limit, cost: 1, bucket }];

  test('3: gives nothing extra at a second or minute boundary', async () => {
    const shared = openBuckets();
    shared.wait(59_999_999);
    assert.equal(await shared.countPassing(one('key')), 60);
    shared.wait(2);
    assert.equal(await shared.countPassing(one('key')), 0);
    shared.wait(99_998);
    assert.equal(await shared.countPassing(one('key')), 1);
  });

  test('19: spends nothing of the other limits when one denies', async () => {
    const shared = openBuckets();
    const requests = createLimit('events-requests', { rate: 1, burst: 3 });
    const events = createLimit('events', { rate: 1, burst: 100 });
    const batch = (cost: number): BucketCharge[] => [
      { limit: events, cost, bucket: 'key' },
      { limit: requests, cost: 1, bucket: 'key' },
    ];
    assert.ok((await shared.charge(batch(90))).allowed);
    const denial = await shared.charge(batch(90));
    assert.ok(!denial.allowed && !denial.impossible && denial.policy === 'events');
    assert.deepEqual(
      denial.states.map(({ remaining }) => remaining),
      [10, 2],
    );
  });

  test('7: no two keys or policies share a bucket, whatever characters their ids contain', async () => {
    const shared = openBuckets();
    const limit = createLimit('analytics', { rate: 1, perSeconds: 86_400, burst: 2 });
    const names = [
      'a',
      'a:analytics',
      'analytics:a',
      'a}',
      '{a}',
      '{a}:analytics',
      'a b',
      'a} b',
      'a {b}',
      'a  b',
      ':',
      '',
      '}',
    ];
    const odd = ['ключ', '鍵\u0000', 'a\r\nFLUSHALL\r\n', '__proto__', 'x'.repeat(10_000), ' a', 'a '];
    for (const name of [...names, ...odd]) {
      const own = one(name, limit);
      assert.equal(await shared.countPassing(own), 2, name.slice(0, 20));
      const other = one(name, createLimit('management', { rate: 1, burst: 2 }));
      assert.ok((await shared.charge(other)).allowed, name.slice(0, 20));
    }
    const keys = new Set([...names, ...odd].map((name) => keyOf('p:', limit, name)));
    assert.equal(keys.size, names.length + odd.length);
  });

  test("a bucket's key is the same as in other versions", () => {
    const perAddress = createLimit('events-ip', { rate: 1, burst: 1000 });
    const key = keyOf('appflow:rl:', perAddress, 'key_1 2001:db8::/64');
    assert.equal(key, 'appflow:rl:events-ip:key_1 2001:db8::/64');
  });

  test("39: setting Redis's clock back an hour locks callers out for at most one burst time", async () => {
    const shared = openBuckets();
    assert.equal(await shared.countPassing(one('key')), 60);
    shared.wait(-3_600_000_000);
    const denial = await shared.charge(one('key'));
    assert.ok(!denial.allowed && !denial.impossible && denial.retryAfterMs === 100);
    shared.wait(100_000);
    assert.ok((await shared.charge(one('key'))).allowed, 'the wait that was named is the wait');
    shared.wait(6_000_000);
    assert.equal(await shared.countPassing(one('key')), 60);
  });

  test("40: setting Redis's clock forward an hour gives at most one extra burst", async () => {
    const shared = openBuckets();
    assert.equal(await shared.countPassing(one('key')), 60);
    shared.wait(3_600_000_000);
    assert.equal(await shared.countPassing(one('key')), 60);
    shared.wait(-3_600_000_000);
    assert.equal(await shared.countPassing(one('key')), 0);
  });

  test('49: a lowered burst locks callers out no longer than the new burst time, a raised one gives no second burst', async () => {
    const shared = openBuckets();
    const wide = createLimit('analytics', { rate: 10, burst: 600 });
    assert.equal(await shared.countPassing(one('key', wide)), 600);
    assert.equal(await shared.countPassing(one('key')), 0);
    shared.wait(6_000_000);
    assert.equal(await shared.countPassing(one('key')), 60);
    assert.equal(
      await shared.countPassing(one('key', wide)),
      540,
      'what the lowered burst forgave, not all of it',
    );
    assert.equal(
      await shared.countPassing(one('key', createLimit('analytics', { rate: 20, burst: 600 }))),
      0,
    );
  });

  test('52: processes with the old and the new limit in parallel never count below zero, and agree in the end', async () => {
    const shared = openBuckets();
    const before = createLimit('analytics', { rate: 7, burst: 60 });
    let passed = 0;
    for (let turn = 0; turn < 300; turn += 1) {
      const decision = await shared.charge(one('key', turn % 2 === 0 ? before : analytics));
      const remaining = firstState(decision).remaining;
      assert.ok(remaining >= 0 && remaining <= 60);
      if (decision.allowed) passed += 1;
    }
    // Each change rounds the debt up by less than a millionth of a unit.
    assert.equal(passed, 59);
    shared.wait(20_000_000);
    assert.equal(await shared.countPassing(one('key')), 60);
  });

  test('42: a bucket expires from Redis once it is full, and is deleted immediately when fully refunded', async () => {
    const quick = createLimit('analytics', { rate: 100, burst: 10 });
    const prefix = 'gone:';
    await chargeBuckets(client, [{ limit: quick, cost: 10, bucket: 'key' }], 'charge', { prefix });
    const leftMs = await redis.client.pttl(keyOf(prefix, quick, 'key'));
    assert.ok(leftMs > 0 && leftMs <= 101, `${leftMs} ms`);
    await chargeBuckets(client, [{ limit: quick, cost: -10, bucket: 'key' }], 'charge', { prefix });
    assert.equal(await redis.client.exists(keyOf(prefix, quick, 'key')), 0);
  });

  test('33: a value of another type or format counts as a full bucket and is overwritten', async () => {
    const shared = openBuckets();
    const key = keyOf(shared.prefix, analytics, 'key');
    await redis.client.rpush(key, 'a list');
    assert.equal(await shared.countPassing(one('key')), 60);
    for (const nonsense of ['', 'x', '1 2', '1 2 nan', '1 1 1x', '1 1 0', '-1 0 5', '9'.repeat(400)]) {
      await redis.client.set(key, nonsense);
      assert.equal(await shared.countPassing(one('key')), 60, nonsense);
    }
  });

  test('a script Redis has forgotten is sent again, and the charge is made once', async () => {
    const shared = openBuckets();
    assert.ok((await shared.charge(one('key'))).allowed);
    await redis.client.script('FLUSH');
    const decision = await shared.charge(one('key'));
    assert.equal(firstState(decision).remaining, 58);
  });
});
