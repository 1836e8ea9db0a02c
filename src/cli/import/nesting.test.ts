import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNestedDeeper } from './nesting.ts';

test('counts the levels of objects and lists on both sides of the limit, however deep they are', () => {
  assert.equal(isNestedDeeper({ a: [{}] }, 3), false);
  assert.equal(isNestedDeeper({ a: [{}], b: 1 }, 2), true);
  assert.equal(isNestedDeeper('text', 0), false);
  assert.equal(isNestedDeeper(null, 0), false);
  assert.equal(isNestedDeeper(JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)), 100), true);
});
