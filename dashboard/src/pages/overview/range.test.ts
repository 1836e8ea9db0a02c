import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMeasure, parseMetric, rangeQuery } from './range.ts';

test('queries the days and the same number before them', () => {
  const october = { first: '2026-10-01', last: '2026-10-31' };
  assert.deepEqual(rangeQuery(october, true), { start: '2026-08-31', end: '2026-10-31' });
  assert.deepEqual(rangeQuery(october, false), { start: '2026-10-01', end: '2026-10-31' });
  const day = { first: '2026-10-01', last: '2026-10-01' };
  assert.deepEqual(rangeQuery(day, true), { start: '2026-09-30', end: '2026-10-01' });
});

test('uses the default for an unknown name', () => {
  assert.equal(parseMetric('revenue'), 'revenue');
  assert.equal(parseMetric('__proto__'), 'dau');
  assert.equal(parseMeasure('users'), 'users');
  assert.equal(parseMeasure(undefined), 'events');
});
