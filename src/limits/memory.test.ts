import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Charge } from './gcra/decide.ts';
import { createLimit } from './gcra/limit.ts';
import { createMemoryLimiter, type MemoryLimiter } from './memory.ts';

const analytics = [{ limit: createLimit('analytics', { rate: 10, burst: 60 }), cost: 1 }];
const management = [{ limit: createLimit('management', { rate: 10, burst: 60 }), cost: 1 }];
const both = [...analytics, ...management];

/** All charges of a call are paid by one key. */
function forKeys(store: MemoryLimiter) {
  const toCharges = (bucket: string, charges: readonly Charge[]) =>
    charges.map((charge) => ({ ...charge, bucket }));
  return {
    peek: (bucket: string, charges: readonly Charge[]) => store.peek(toCharges(bucket, charges)),
    charge: (bucket: string, charges: readonly Charge[]) => store.charge(toCharges(bucket, charges)),
    countBuckets: store.countBuckets,
  };
}

function openMemory(options: { openBucketsMax?: number } = {}) {
  let now = 0;
  const store = createMemoryLimiter({ ...options, nowUs: () => now });
  return {
    limiter: forKeys(store),
    wait(us: number) {
      now += us;
    },
  };
}

const spendAll = (limiter: ReturnType<typeof forKeys>, keyId: string, charges = analytics) => {
  let passed = 0;
  while (limiter.charge(keyId, charges).allowed) passed += 1;
  return passed;
};

test('no two keys or policies share a bucket, whatever characters the id contains', () => {
  const { limiter } = openMemory();
  const keyIds = ['a', 'a:analytics', ':', '', '{a}', 'ключ', '__proto__', 'analytics', 'x'.repeat(10_000)];
  for (const keyId of keyIds) {
    assert.equal(spendAll(limiter, keyId), 60, keyId.slice(0, 20));
    assert.equal(spendAll(limiter, keyId, management), 60, keyId.slice(0, 20));
  }
});

test('a peek denies what the charge would, and spends nothing', () => {
  const { limiter } = openMemory();
  for (let call = 0; call < 200; call += 1) assert.equal(limiter.peek('key', analytics), undefined);
  assert.equal(limiter.countBuckets(), 0);
  assert.equal(spendAll(limiter, 'key'), 60);
  assert.equal(limiter.peek('key', analytics)?.allowed, false);
});

test('a cost of 0 takes no memory', () => {
  const { limiter } = openMemory();
  for (const charge of analytics) assert.ok(limiter.charge('key', [{ ...charge, cost: 0 }]).allowed);
  assert.equal(limiter.countBuckets(), 0);
});

test('a charge denied by one limit leaves the other untouched', () => {
  const { limiter } = openMemory();
  spendAll(limiter, 'key');
  assert.ok(!limiter.charge('key', both).allowed);
  assert.equal(spendAll(limiter, 'key', management), 60);
});

test('a lowered burst locks callers out no longer than the new burst time, and the reported wait is exact', () => {
  const { limiter, wait } = openMemory();
  const before = [{ limit: createLimit('analytics', { rate: 1, burst: 60 }), cost: 1 }];
  const after = [{ limit: createLimit('analytics', { rate: 1, burst: 10 }), cost: 1 }];
  assert.equal(spendAll(limiter, 'key', before), 60);
  const denial = limiter.charge('key', after);
  assert.ok(!denial.allowed && !denial.impossible && denial.retryAfterMs === 1000);
  wait(1_000_000);
  assert.ok(limiter.charge('key', after).allowed);
  wait(10_000_000);
  assert.equal(spendAll(limiter, 'key', after), 10);
});

test('setting the wall clock forward or back by an hour has no effect', (context) => {
  const limiter = forKeys(createMemoryLimiter());
  context.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  const slow = [{ limit: createLimit('analytics', { rate: 1, perSeconds: 3600, burst: 2 }), cost: 1 }];
  assert.equal(spendAll(limiter, 'key', slow), 2);
  const wallMs = Date.now();
  for (const shiftMs of [3_600_000, -3_600_000]) {
    context.mock.timers.setTime(Math.max(0, wallMs + shiftMs));
    assert.ok(!limiter.charge('key', slow).allowed);
    assert.ok(limiter.charge(`fresh ${shiftMs}`, slow).allowed);
  }
});

test('a process suspended for ten minutes resumes with one burst and no more', () => {
  const { limiter, wait } = openMemory();
  spendAll(limiter, 'key');
  wait(600_000_000);
  assert.equal(spendAll(limiter, 'key'), 60);
});

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** V8 frees typed arrays on its own thread some time after the collection, so use the lowest of many readings. */
async function measureMemoryBytes(): Promise<{ all: number; arrays: number }> {
  const least = { all: Number.POSITIVE_INFINITY, arrays: Number.POSITIVE_INFINITY };
  for (let reading = 0; reading < 20; reading += 1) {
    collectGarbage();
    await nextTurn();
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    least.all = Math.min(least.all, heapUsed + external);
    least.arrays = Math.min(least.arrays, arrayBuffers);
  }
  return least;
}

test('a bucket takes under 150 bytes besides its id, and each one is removed once full, without a timer', async () => {
  const { limiter, wait } = openMemory();
  const keyIds = Array.from({ length: 200_000 }, (_, index) => `key_${index}`);
  const before = await measureMemoryBytes();
  for (const keyId of keyIds) limiter.charge(keyId, analytics);
  assert.equal(limiter.countBuckets(), keyIds.length, 'the clock stood still: none is full, none may go');
  const held = await measureMemoryBytes();
  const bucketBytes = (held.all - before.all) / keyIds.length;
  assert.ok(bucketBytes < 150, `${bucketBytes} bytes`);
  wait(100_000);
  for (let call = 0; call < 100; call += 1) limiter.charge('key_0', analytics);
  assert.equal(
    limiter.countBuckets(),
    keyIds.length,
    'full from this microsecond on: forgotten from the next',
  );
  wait(1);
  for (let call = 0; call < 60_000; call += 1) limiter.charge('key_alive', analytics);
  assert.ok(limiter.countBuckets() <= 2);
  const left = await measureMemoryBytes();
  assert.ok(left.arrays - before.arrays < 500_000, `${left.arrays - before.arrays} bytes of arrays are left`);
  assert.ok(left.all - before.all < (held.all - before.all) / 2);
});

test('a million strangers neither grow memory without bound nor free a blocked offender', () => {
  const { limiter, wait } = openMemory();
  const slow = [{ limit: createLimit('management', { rate: 1, perSeconds: 86_400, burst: 5 }), cost: 1 }];
  assert.equal(spendAll(limiter, 'offender', slow), 5);
  let most = 0;
  for (let call = 0; call < 1_000_000; call += 1) {
    wait(10);
    limiter.charge(`stranger ${call}`, analytics);
    if (call % 1000 === 0) most = Math.max(most, limiter.countBuckets());
  }
  // A stranger's bucket is full after 100 ms, during which 10,000 others arrive; the sweep may lag a little.
  assert.ok(most < 20_000, `${most} buckets`);
  assert.ok(!limiter.charge('offender', slow).allowed);
});

test('42: none of a million new keys is delayed by 30 ms: no table grows in one step', () => {
  // A table that grew in one step would take hundreds of milliseconds in every round; a garbage collection does not come at the same key.
  const longestUs: number[] = [];
  while (longestUs.length < 3 && !longestUs.some((us) => us < 30_000)) longestUs.push(chargeMillionKeys());
  assert.ok(Math.min(...longestUs) < 30_000, `${longestUs} us`);
});

/** @returns The longest that one of a million new keys took, in microseconds. */
function chargeMillionKeys(): number {
  const { limiter } = openMemory();
  let longestUs = 0;
  for (let key = 0; key < 1_000_000; key += 1) {
    // CPU time of this thread only: time a busy machine gives to other processes is not the limiter's doing.
    const before = process.threadCpuUsage();
    limiter.charge(`key ${key}`, analytics);
    const { user, system } = process.threadCpuUsage(before);
    longestUs = Math.max(longestUs, user + system);
  }
  assert.equal(limiter.countBuckets(), 1_000_000);
  return longestUs;
}

const perAddress = [{ limit: createLimit('failed-auth', { rate: 20, perSeconds: 60, burst: 20 }), cost: 1 }];

test('two million addresses take no more memory than allowed, and a blocked offender stays blocked', () => {
  const { limiter, wait } = openMemory({ openBucketsMax: 20_000 });
  assert.equal(spendAll(limiter, '192.0.2.1', perAddress), 20);
  for (let call = 0; call < 2_000_000; call += 1) {
    if (call % 100 === 0) wait(1);
    limiter.charge(`address ${call}`, perAddress);
  }
  // Addresses without room share 4,096 buckets.
  assert.ok(limiter.countBuckets() <= 20_000 + 4_096, `${limiter.countBuckets()} buckets`);
  assert.ok(!limiter.charge('192.0.2.1', perAddress).allowed);
});

test('no two addresses share a bucket while there is room', () => {
  const { limiter } = openMemory({ openBucketsMax: 9_000 });
  for (let call = 0; call < 9_000; call += 1) limiter.charge(`address ${call}`, perAddress);
  assert.equal(limiter.countBuckets(), 9_000);
});

test('an address gets the last free bucket, shares one when there is none, and later gets its own again', () => {
  const { limiter, wait } = openMemory({ openBucketsMax: 2 });
  assert.equal(spendAll(limiter, 'first', perAddress), 20);
  assert.equal(spendAll(limiter, 'second', perAddress), 20);
  for (let call = 0; call < 200_000; call += 1) limiter.charge(`crowd ${call}`, perAddress);
  assert.ok(!limiter.charge('third', perAddress).allowed, 'the crowd has used up what it shares');
  wait(60_000_001);
  assert.equal(spendAll(limiter, 'third', perAddress), 20);
});

test("the installation's keys are never pooled, however many there are", () => {
  const { limiter } = openMemory({ openBucketsMax: 2 });
  for (const key of ['a', 'b', 'c', 'd']) assert.equal(spendAll(limiter, key), 60);
});

test('addresses within a key are pooled like others, under any policy, and the key itself is not', () => {
  const { limiter } = openMemory({ openBucketsMax: 2 });
  for (let call = 0; call < 50_000; call += 1) {
    limiter.charge(
      `key ${call}`,
      analytics.map((charge) => ({ ...charge, isOpen: true })),
    );
  }
  assert.ok(limiter.countBuckets() <= 2 + 4_096, `${limiter.countBuckets()} buckets`);
  assert.equal(spendAll(limiter, 'key'), 60);
});

test('does not keep the process alive', () => {
  const script = `
    import { createMemoryLimiter } from './memory.ts';
    import { createLimit } from './gcra/limit.ts';
    const limit = createLimit('analytics', { rate: 1, burst: 2 });
    createMemoryLimiter().charge([{ limit, cost: 1, bucket: 'key' }]);
    console.log(process.getActiveResourcesInfo().filter((name) => /Timeout|Immediate/.test(name)).length);`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: import.meta.dirname,
    timeout: 20_000,
    encoding: 'utf8',
  });
  assert.equal(output.trim(), '0');
});
