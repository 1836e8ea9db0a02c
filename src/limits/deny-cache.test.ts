import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision } from './decide.ts';
import { createDenyCache } from './deny-cache.ts';
import { createLimit, type Limit } from './limit.ts';

const limit = createLimit('events', { rate: 10, burst: 100 });
const charge = (cost: number, bucket = 'key', under: Limit = limit) => [{ limit: under, cost, bucket }];
const owing = (units: number) => [units * limit.unitTicks];

const listRemaining = (decision: Decision | undefined) =>
  decision !== undefined && 'states' in decision
    ? decision.states.map((state) => [state.limit.policy, state.remaining])
    : undefined;

function openCache(bucketsMax = 1000) {
  let now = 5_000_000;
  const cache = createDenyCache({ nowUs: () => now, bucketsMax });
  return {
    ...cache,
    denies: (charges: ReturnType<typeof charge>) => !cache.decide(charges).allowed,
    wait(us: number) {
      now += us;
    },
  };
}

test('10: a denial holds for what it rules out until the wait for that cost is over; a smaller batch may pass earlier', () => {
  const cache = openCache();
  cache.record(charge(50), owing(80));
  assert.ok(cache.denies(charge(50)));
  assert.ok(cache.denies(charge(21)));
  assert.ok(!cache.denies(charge(20)), 'there is room for it: ask');
  cache.wait(2_999_999);
  assert.ok(cache.denies(charge(50)));
  assert.ok(!cache.denies(charge(49)));
  cache.wait(1);
  assert.ok(!cache.denies(charge(50)));
});

test('the wait it names is what is left of it', () => {
  const cache = openCache();
  cache.record(charge(50), owing(80));
  cache.wait(1_000_000);
  const decision = cache.decide(charge(50));
  assert.ok(!decision.allowed && !decision.impossible);
  assert.equal(decision.retryAfterMs, 2000);
  assert.equal(decision.states[0]?.remaining, 30);
});

test('an unknown bucket is never denied, and what is impossible is told without being known', () => {
  const cache = openCache();
  assert.ok(!cache.denies(charge(100)));
  const decision = cache.decide(charge(101));
  assert.ok(!decision.allowed && decision.impossible);
});

test('room for what was asked is not remembered, an empty bucket is', () => {
  const cache = openCache();
  cache.record(charge(1), owing(99));
  assert.equal(cache.count(), 0);
  cache.record(charge(0), [99 * limit.unitTicks + 1]);
  assert.ok(cache.denies(charge(1)));
});

test('a refused request has nothing to take from buckets known to be empty, until a unit has flowed back', () => {
  const cache = openCache();
  const both = [...charge(0, 'events'), ...charge(1)];
  assert.equal(cache.findRefusal(both), undefined, 'nothing is known');
  cache.record(both, [0, ...owing(100)]);
  assert.deepEqual(listRemaining(cache.findRefusal(both)), [['events', 0]], 'of the bucket that pays');
  assert.equal(cache.findRefusal([...charge(1, 'events'), ...charge(1)]), undefined, 'one of them has room');
  cache.wait(99_999);
  assert.notEqual(cache.findRefusal(both), undefined);
  cache.wait(1);
  assert.equal(cache.findRefusal(both), undefined);
});

test('a denial shows what is left of the limits that lack room only, of the others nothing is known', () => {
  const cache = openCache();
  const requests = createLimit('events-requests', { rate: 10, burst: 10 });
  const both = [...charge(50), ...charge(1, 'key', requests)];
  cache.record(charge(50), owing(80));
  assert.deepEqual(listRemaining(cache.decide(both)), [['events', 20]]);
  const emptyTicks = 10 * requests.unitTicks;
  cache.record(both, [...owing(80), emptyTicks - 1]);
  assert.deepEqual(listRemaining(cache.decide(both)), [
    ['events', 20],
    ['events-requests', 0],
  ]);
  cache.record(both, [...owing(80), emptyTicks - requests.unitTicks]);
  assert.deepEqual(listRemaining(cache.decide(both)), [['events', 20]], 'there is room for the request');
});

test('a cost that is no number of units is refused as anywhere', () => {
  const cache = openCache();
  assert.throws(() => cache.decide(charge(Number.NaN)), RangeError);
});

test('a refund seen on the way ends a denial', () => {
  const cache = openCache();
  cache.record(charge(50), owing(80));
  cache.record(charge(-60), owing(20));
  assert.ok(!cache.denies(charge(50)));
});

test('another key, policy or changed limit is not concerned', () => {
  const cache = openCache();
  cache.record(charge(50), owing(100));
  assert.ok(!cache.denies(charge(50, 'other')));
  assert.ok(!cache.denies(charge(50, 'key', createLimit('events-ip', { rate: 10, burst: 100 }))));
  assert.ok(!cache.denies(charge(50, 'key', createLimit('events', { rate: 20, burst: 100 }))), 'the rate');
  assert.ok(!cache.denies(charge(50, 'key', createLimit('events', { rate: 10, burst: 99 }))), 'the burst');
});

test('cleared, it knows nothing', () => {
  const cache = openCache();
  cache.record(charge(50), owing(100));
  cache.clear();
  assert.ok(!cache.denies(charge(50)));
});

test('holds no more buckets than it may, and forgets those that are full again', () => {
  const cache = openCache(100);
  for (let index = 0; index < 1000; index += 1) cache.record(charge(100, `key ${index}`), owing(1));
  assert.equal(cache.count(), 100);
  cache.wait(100_001);
  for (let index = 0; index < 200; index += 1) cache.record(charge(100, 'other'), owing(1));
  assert.equal(cache.count(), 1);
});
