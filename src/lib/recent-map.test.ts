import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRecentMap } from './recent-map.ts';

test('keeps the last keys that were set, and at most twice as many', () => {
  const map = createRecentMap<number, string>(3);
  const kept = () => [1, 2, 3, 4, 5, 6, 7].filter((key) => map.get(key) === 'x');
  for (const key of [1, 2, 3, 1]) map.set(key, 'x');
  assert.deepEqual(kept(), [1, 2, 3]);
  for (const key of [4, 5, 6]) map.set(key, 'x');
  assert.deepEqual(kept(), [1, 2, 3, 4, 5, 6], 'twice as many');
  map.set(7, 'x');
  assert.deepEqual(kept(), [4, 5, 6, 7]);
});

test('keeps an old key that was set again, with its new value', () => {
  const map = createRecentMap<string, number>(2);
  for (const [key, value] of [
    ['a', 1],
    ['b', 1],
    ['a', 2],
    ['c', 1],
    ['a', 3],
    ['d', 1],
  ] as const)
    map.set(key, value);
  assert.equal(map.get('a'), 3);
  assert.equal(map.get('b'), undefined);
});
