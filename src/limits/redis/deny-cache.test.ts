import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision } from '../gcra/decide.ts';
import { createLimit, type Limit } from '../gcra/limit.ts';
import { createDenyCache } from './deny-cache.ts';

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

test('10: a denial applies to its cost until that wait is over; a smaller batch may be allowed earlier', () => {
  const cache = openCache();
  cache.record(charge(50), owing(80));
  assert.ok(cache.denies(charge(50)));
  assert.ok(cache.denies(charge(21)));
  assert.ok(!cache.denies(charge(20)), 'there is room for it, so the store must be called');
  cache.wait(2_999_999);
  assert.ok(cache.denies(charge(50)));
  assert.ok(!cache.denies(charge(49)));
  cache.wait(1);
  assert.ok(!cache.denies(charge(50)));
});

test('reports the remaining wait', () => {
  const cache = openCache();
  cache.record(charge(50), owing(80));
  cache.wait(1_000_000);
  const decision = cache.decide(charge(50));
  assert.ok(!decision.allowed && !decision.impossible);
  assert.equal(decision.retryAfterMs, 2000);
  assert.equal(decision.states[0]?.remaining, 30);
});

test('never denies an unknown bucket, and reports impossible costs without knowing the bucket', () => {
  const cache = openCache();
  assert.ok(!cache.denies(charge(100)));
  const decision = cache.decide(charge(101));
  assert.ok(!decision.allowed && decision.impossible);
});

test('caches an empty bucket, but not one with room for the charge', () => {
  const cache = openCache();
  cache.record(charge(1), owing(99));
  assert.equal(cache.count(), 0);
  cache.record(charge(0), [99 * limit.unitTicks + 1]);
  assert.ok(cache.denies(charge(1)));
});

test('a refused request takes nothing from buckets known to be empty, until a unit has refilled', () => {
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

test('a denial reports only limits that lack room, because the others are unknown', () => {
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

test('rejects a cost that is not a number of units, like every other part', () => {
  const cache = openCache();
  assert.throws(() => cache.decide(charge(Number.NaN)), RangeError);
});

test('a refund ends a cached denial', () => {
  const cache = openCache();
  cache.record(charge(50), owing(80));
  cache.record(charge(-60), owing(20));
  assert.ok(!cache.denies(charge(50)));
});

test('does not affect another key or policy, or a changed limit', () => {
  const cache = openCache();
  cache.record(charge(50), owing(100));
  assert.ok(!cache.denies(charge(50, 'other')));
  assert.ok(!cache.denies(charge(50, 'key', createLimit('events-ip', { rate: 10, burst: 100 }))));
  assert.ok(!cache.denies(charge(50, 'key', createLimit('events', { rate: 20, burst: 100 }))), 'the rate');
  assert.ok(!cache.denies(charge(50, 'key', createLimit('events', { rate: 10, burst: 99 }))), 'the burst');
});

test('knows nothing once cleared', () => {
  const cache = openCache();
  cache.record(charge(50), owing(100));
  cache.clear();
  assert.ok(!cache.denies(charge(50)));
});

test('keeps no more buckets than allowed, and removes those that are full again', () => {
  const cache = openCache(100);
  for (let index = 0; index < 1000; index += 1) cache.record(charge(100, `key ${index}`), owing(1));
  assert.equal(cache.count(), 100);
  cache.wait(100_001);
  for (let index = 0; index < 200; index += 1) cache.record(charge(100, 'other'), owing(1));
  assert.equal(cache.count(), 1);
});
