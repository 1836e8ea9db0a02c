import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLimit, findRateMistake } from './limit.ts';

test('stores the time between two units as an exact fraction of microseconds', () => {
  const third = createLimit('analytics', { rate: 3, burst: 2 });
  assert.deepEqual([third.unitTicks, third.ticksPerUs], [1_000_000, 3]);
  const daily = createLimit('analytics', { rate: 1, perSeconds: 86_400, burst: 1 });
  assert.deepEqual([daily.unitTicks, daily.ticksPerUs], [86_400_000_000, 1]);
  const fast = createLimit('events', { rate: 100_000, burst: 200_000 });
  assert.deepEqual([fast.unitTicks, fast.ticksPerUs], [10, 1]);
  const decimal = createLimit('analytics', { rate: 0.3333, burst: 20 });
  assert.equal((decimal.unitTicks / decimal.ticksPerUs) * 0.3333, 1_000_000);
});

test('rounds the window up to whole seconds and never down to zero', () => {
  assert.equal(createLimit('events', { rate: 10_000, burst: 50_000 }).windowSeconds, 5);
  assert.equal(createLimit('events', { rate: 10_000, burst: 50_001 }).windowSeconds, 6);
  assert.equal(createLimit('events', { rate: 100_000, burst: 1 }).windowSeconds, 1);
});

test('accepts the smallest and the largest rate and burst, and says what is wrong beyond them', () => {
  const accepted = [
    { rate: 0.000001, burst: 1 },
    { rate: 1_000_000_000, burst: 1_000_000_000 },
    { rate: 1, burst: 1 },
    { rate: 0.1, burst: 2 },
    { rate: 999.999999, burst: 1000 },
  ];
  for (const rate of accepted) assert.equal(findRateMistake(rate), undefined, JSON.stringify(rate));
  const refused: [{ rate: number; burst: number }, RegExp][] = [
    [{ rate: 0, burst: 1 }, /above 0/],
    [{ rate: -1, burst: 1 }, /above 0/],
    [{ rate: Number.NaN, burst: 1 }, /rate is not a number/],
    [{ rate: Number.POSITIVE_INFINITY, burst: 1 }, /rate is not a number/],
    [{ rate: 1_000_000_001, burst: 1 }, /at most 1000000000/],
    [{ rate: 0.0000001, burst: 1 }, /6 decimals/],
    [{ rate: 1.0000001, burst: 1 }, /6 decimals/],
    [{ rate: 1, burst: 0 }, /burst must be at least 1/],
    [{ rate: 1, burst: 1.5 }, /whole number/],
    [{ rate: 1, burst: Number.NaN }, /whole number/],
    [{ rate: 999.999999, burst: 1_000_000_000 }, /too large to count exactly/],
  ];
  for (const [rate, pattern] of refused)
    assert.match(findRateMistake(rate) ?? '', pattern, JSON.stringify(rate));
});

test('accepts bursts up to the last one a double counts exactly', () => {
  // 1 per second is 1,000,000 ticks per unit; 2^52 ticks hold 4,503,599,627 units.
  assert.equal(findRateMistake({ rate: 1, burst: 4_503_599_627 }), undefined);
  assert.match(findRateMistake({ rate: 1, burst: 4_503_599_628 }) ?? '', /too large/);
});

test('rejects an invalid limit and names the policy', () => {
  assert.throws(() => createLimit('management', { rate: 0, burst: 1 }), /Limit management: .*above 0/);
});
