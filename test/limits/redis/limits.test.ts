import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { createLimit } from '../../../src/limits/gcra/limit.ts';
import { createLimiter } from '../../../src/limits/limiter.ts';
import { IN_FLIGHT_POLICY } from '../../../src/limits/policies.ts';
import { adoptChild } from '../../support/adopt-child.ts';
import { cleanUp } from '../../support/clean-up.ts';
import { NEEDS_REDIS, startRedis, type TestRedis } from './redis-server.ts';
import { countPassing, oneUnit, openStore as openRedis, waitUntil } from './redis-store.ts';

const WORKER = join(import.meta.dirname, 'redis-worker.ts');
const US_PER_SECOND = 1_000_000;
/** Every figure here is exact, so no call may time out because the machine is busy. */
const startWorker = (url: string) => adoptChild(fork(WORKER, { env: { REDIS_URL: url }, silent: true }));

const PATIENT = { answerMs: 60_000 };

const openStore = (url: string, options: Parameters<typeof openRedis>[1] = {}) =>
  openRedis(url, { ...PATIENT, ...options });

describe('limits shared in Redis', NEEDS_REDIS, () => {
  let redis: TestRedis;
  before(async () => {
    redis = await startRedis();
  });
  cleanUp(() => redis[Symbol.asyncDispose]());

  test('1: exactly 1,000 of 5,000 tries in each of 4 processes are allowed at a limit of 1,000, 20 times, with 1 to 64 in flight', async (context) => {
    const workers = Array.from({ length: 4 }, () => startWorker(redis.url));
    context.after(() => workers.map((worker) => worker.kill()));
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    let rounds = 0;
    for (let run = 0; run < 20; rounds += 1) {
      assert.ok(rounds < 40, 'Redis answers in time in half of the runs at least');
      const order = { bucket: `key_${rounds}`, tries: 5000, inFlight: run % 2 === 0 ? 64 : 1 };
      const answers = await Promise.all(
        workers.map(async (worker) => {
          worker.send(order);
          const [answer] = await once(worker, 'message');
          return answer as { passed: number; alone: number };
        }),
      );
      // Where Redis did not reply within 50 ms, a process decides alone for a while, so there is nothing to compare.
      if (answers.some(({ alone }) => alone > 0)) continue;
      assert.equal(
        answers.reduce((sum, { passed }) => sum + passed, 0),
        1000,
        JSON.stringify(answers),
      );
      run += 1;
    }
    for (const worker of workers) worker.disconnect();
    await Promise.all(workers.map((worker) => once(worker, 'exit')));
    assert.equal(await redis.client.zcard('appflow:nodes'), 0, 'all have reported that they left');
  });

  test('2: allows exactly the burst out of three times the burst', async () => {
    const store = await openStore(redis.url);
    const charges = oneUnit('three times');
    const decisions = await Promise.all(Array.from({ length: 300 }, () => store.charge(charges)));
    assert.equal(decisions.filter(({ allowed }) => allowed).length, 100);
  });

  test("8, 11: the reported wait is enough, to the millisecond, by Redis's clock", async () => {
    const store = await openStore(redis.url);
    const charges = oneUnit('waits', { rate: 20, burst: 1 });
    await store.charge(charges);
    for (let denials = 0; denials < 10; denials += 1) {
      const denial = await store.charge(charges);
      if (denial.allowed || denial.impossible) assert.fail('the bucket is empty');
      const startMs = performance.now();
      await waitUntil(() => performance.now() - startMs >= denial.retryAfterMs, 1000);
      assert.ok((await store.charge(charges)).allowed);
    }
  });

  test('45: a hot denied key costs one call to Redis per wait, however often it is used', async () => {
    let now = 7 * US_PER_SECOND;
    const clock = () => now;
    const store = await openStore(redis.url, { nowUs: clock, serverNowUs: clock });
    const charges = oneUnit('hot', { rate: 10, burst: 5 });
    const beforeRun = store.report().callsAnswered;
    let passed = 0;
    for (let wait = 0; wait < 50; wait += 1) {
      for (let call = 0; call < 200; call += 1) {
        if (store.peek(charges)?.allowed !== false && (await store.charge(charges)).allowed) passed += 1;
      }
      now += 100_000;
    }
    assert.equal(passed, 5 + 49);
    const calls = store.report().callsAnswered - beforeRun;
    // Five for the burst, one for each of 49 waits; the others are heartbeats, one per second.
    assert.ok(calls <= 54 + 10, `${calls} calls`);
  });

  test('a flood of refused requests runs into the limit, although only this process knows it at the peek', async () => {
    const store = await openStore(redis.url);
    const charges = oneUnit('refused');
    for (let call = 0; call < 99; call += 1) await store.chargeRefusal(charges);
    assert.equal(store.peek(charges), undefined, 'nothing is known against it');
    await store.chargeRefusal(charges);
    assert.equal(store.peek(charges)?.allowed, false);
    assert.ok((await store.chargeRefusal(charges)).allowed, 'a refusal is never denied');
  });

  test('a flood of refusals on an empty bucket costs at most two calls to Redis per wait', async () => {
    let now = 7 * US_PER_SECOND;
    const clock = () => now;
    const store = await openStore(redis.url, { nowUs: clock, serverNowUs: clock, prefix: 'refusals:' });
    const charges = oneUnit('refused', { rate: 10, burst: 5 });
    for (let call = 0; call < 5; call += 1) await store.chargeRefusal(charges);
    // The heartbeat is a call too, once per second.
    const before = store.report().callsAnswered;
    const startMs = performance.now();
    for (let wait = 0; wait < 20; wait += 1) {
      for (let call = 0; call < 500; call += 1) {
        const { states } = await store.chargeRefusal(charges);
        assert.equal(states[0]?.remaining, 0);
      }
      now += 100_000;
    }
    const beats = Math.ceil((performance.now() - startMs) / 1_000) + 1;
    const calls = store.report().callsAnswered - before;
    assert.ok(calls <= 2 * 20 + beats, `${calls} calls`);
  });

  test('a response without a charge shows only the limit that denied it, and never a full bucket', async () => {
    const [one, other] = [await openStore(redis.url), await openStore(redis.url)];
    const overrides = {
      analytics: { rate: 0.001, burst: 60 },
      [IN_FLIGHT_POLICY]: { running: 1, waiting: 0 },
    };
    const [limiter, elsewhere] = [one, other].map((store) => createLimiter({ store, overrides }));
    assert.ok(limiter && elsewhere);
    const request = { keyId: 'shown', callerType: 'server', category: 'analytics' } as const;
    for (let call = 0; call < 50; call += 1) await elsewhere.charge(request);
    const asker = { signal: () => AbortSignal.abort() };
    assert.ok((await limiter.enter(request, asker)).allowed);
    const charged = await limiter.charge(request);
    assert.match(('headers' in charged && charged.headers?.RateLimit) || '', /r=9;/);
    assert.deepEqual(limiter.peek(request), { allowed: true, headers: undefined });
    const busy = await limiter.enter(request, asker);
    assert.ok(!busy.allowed);
    assert.deepEqual(busy.headers, {
      'RateLimit-Policy': '"analytics-in-flight";q=1;qu="concurrent-requests"',
      RateLimit: '"analytics-in-flight";r=0;t=1',
      'Retry-After': '1',
    });
  });

  test('13: a 429 without a call to Redis shows the limit that lacks room, and no figures for others rather than full ones', async () => {
    const [one, other] = [await openStore(redis.url), await openStore(redis.url)];
    const slow = { rate: 0.001, burst: 10 };
    const overrides = { 'events-requests': slow, 'events-ip-requests': slow };
    const [limiter, elsewhere] = [one, other].map((store) => createLimiter({ store, overrides }));
    assert.ok(limiter && elsewhere);
    const from = (network: string) =>
      ({ keyId: 'true', callerType: 'client', category: 'events', events: 1, network }) as const;
    for (let call = 0; call < 5; call += 1) {
      await limiter.charge(from('192.0.2.1'));
      await elsewhere.charge(from('192.0.2.2'));
    }
    const readDenial = async (network: string) => {
      const denial = await limiter.charge(from(network));
      assert.ok(!denial.allowed && !denial.impossible && denial.policy === 'events-requests');
      return denial.headers.RateLimit ?? '';
    };
    assert.match(await readDenial('192.0.2.1'), /"events-requests";r=0;.*"events-ip-requests";r=5;/);
    const unasked = await readDenial('192.0.2.2');
    assert.match(unasked, /^"events-requests";r=0;t=\d+$/, 'there five of ten are spent too');
  });

  test('18, 53: impossible and unlimited requests are decided without a call to Redis', async () => {
    const store = await openStore(redis.url);
    const events = [{ limit: createLimit('events', { rate: 1, burst: 1000 }), cost: 1001, bucket: 'big' }];
    const decision = await store.charge(events);
    assert.ok(!decision.allowed && decision.impossible);
    const limiter = createLimiter({ store, overrides: { analytics: 'off' } });
    const request = { keyId: 'big', callerType: 'server', category: 'analytics' } as const;
    assert.deepEqual(await limiter.charge(request), { allowed: true, headers: undefined });
    assert.deepEqual(await redis.client.keys('*:big'), []);
  });

  test('13: r drops by exactly the cost, across two processes', async () => {
    const [one, other] = [await openStore(redis.url), await openStore(redis.url)];
    const charges = oneUnit('counted');
    const left: (number | undefined)[] = [];
    for (const store of [one, other, one, other]) {
      const decision = await store.charge(charges);
      left.push('states' in decision ? decision.states[0]?.remaining : undefined);
    }
    assert.deepEqual(left, [99, 98, 97, 96]);
  });

  test('49: a limit changed live applies to the next call, despite a cached denial', async () => {
    const store = await openStore(redis.url);
    assert.equal(await countPassing(store, oneUnit('changed', { rate: 0.001, burst: 10 })), 10);
    assert.equal(await countPassing(store, oneUnit('changed', { rate: 0.001, burst: 25 })), 15);
    assert.equal(await countPassing(store, oneUnit('changed', { rate: 0.002, burst: 25 })), 0);
    assert.equal(await countPassing(store, oneUnit('changed', { rate: 0.002, burst: 26 })), 1);
  });

  test('38: setting the wall clock forward or back by an hour has no effect', async (context) => {
    const store = await openStore(redis.url);
    const charges = oneUnit('wall clock');
    assert.equal(await countPassing(store, charges), 100);
    context.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const wallMs = Date.now();
    for (const shiftMs of [3_600_000, -3_600_000]) {
      context.mock.timers.setTime(wallMs + shiftMs);
      assert.ok(!(await store.charge(charges)).allowed);
      assert.equal(await countPassing(store, oneUnit(`fresh ${shiftMs}`)), 100);
    }
  });

  test('35: after FLUSHALL the limits start over, without an error', async () => {
    const store = await openStore(redis.url);
    const charges = oneUnit('flushed');
    for (let call = 0; call < 60; call += 1) await store.charge(charges);
    await redis.client.flushall();
    assert.equal(await countPassing(store, charges), 100);
    assert.equal(store.report().callsFailed, 0);
  });

  test('processes count each other, except those that stopped or went silent', async () => {
    const [one, other] = [
      await openStore(redis.url, { prefix: 'n:' }),
      await openStore(redis.url, { prefix: 'n:' }),
    ];
    await waitUntil(() => one.report().processes === 2, 3_000);
    const nowMs = Date.now();
    await redis.client.zadd(
      'n:nodes',
      nowMs - 2_000,
      'silent',
      nowMs - 6_000,
      'gone',
      nowMs + 3_600_000,
      'future',
    );
    await waitUntil(() => one.report().processes === 3, 3_000);
    await other.close();
    await waitUntil(() => one.report().processes === 1, 10_000);
  });

  test('33: another value under the key that counts processes is overwritten', async () => {
    await redis.client.set('taken:nodes', 'a text');
    const store = await openStore(redis.url, { prefix: 'taken:' });
    assert.equal(await redis.client.zcard('taken:nodes'), 1);
    const { callsFailed, problem, processes } = store.report();
    assert.deepEqual([callsFailed, problem, processes], [0, undefined, 1]);
  });

  test('47: stopping takes less than a second and leaves nothing that keeps the process alive', async () => {
    const worker = startWorker(redis.url);
    await once(worker, 'message');
    const startMs = performance.now();
    worker.disconnect();
    const [code] = await once(worker, 'exit');
    assert.equal(code, 0);
    assert.ok(performance.now() - startMs < 1_000);
  });
});
