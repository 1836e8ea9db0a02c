import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countSelectedDays, parseMeasure, parseMetric, rangeQuery } from './range.ts';

test('queries the days and the same number before them', () => {
  assert.deepEqual(rangeQuery({ days: 30 }, true), { days: 60 });
  assert.deepEqual(rangeQuery({ days: 30 }, false), { days: 30 });
  const october = { first: '2026-10-01', last: '2026-10-31' };
  assert.deepEqual(rangeQuery(october, true), { start: '2026-08-31', end: '2026-10-31' });
  assert.deepEqual(rangeQuery(october, false), { start: '2026-10-01', end: '2026-10-31' });
  assert.equal(countSelectedDays(october), 31);
});

test('uses the default for an unknown name', () => {
  assert.equal(parseMetric('revenue'), 'revenue');
  assert.equal(parseMetric('__proto__'), 'dau');
  assert.equal(parseMeasure('users'), 'users');
  assert.equal(parseMeasure(undefined), 'events');
});
