import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY_MS, HOUR_MS } from '../../../../src/lib/durations.ts';
import { toHistogramQuery } from './histogram-query.ts';

const NOW = Date.parse('2026-11-23T08:00:00Z');
const iso = (ms: number) => new Date(ms).toISOString();
const of = (query: { from?: string; to?: string }) =>
  toHistogramQuery(query, { timezone: 'UTC', nowMs: NOW });

test('divides up to three days into hours, and more into days', () => {
  const three = of({ from: iso(NOW - 3 * DAY_MS) });
  assert.deepEqual([three.query.interval, three.isCut], ['hour', false]);
  assert.equal(of({ from: iso(NOW - 3 * DAY_MS - 1) }).query.interval, 'day');
  assert.deepEqual(of({ from: iso(NOW - HOUR_MS) }).query, {
    from: iso(NOW - HOUR_MS),
    to: iso(NOW),
    interval: 'hour',
    timezone: 'UTC',
  });
});

test('shows the last 90 days of all time, and the last 366 of more', () => {
  const all = of({});
  assert.deepEqual([all.query.from, all.isCut], [iso(NOW - 90 * DAY_MS), true]);
  const longest = of({ from: iso(NOW - 366 * DAY_MS) });
  assert.deepEqual([longest.query.from, longest.isCut], [iso(NOW - 366 * DAY_MS), false]);
  const longer = of({ from: iso(NOW - 400 * DAY_MS) });
  assert.deepEqual([longer.query.from, longer.isCut], [iso(NOW - 366 * DAY_MS), true]);
  const past = of({ from: iso(NOW - 10 * DAY_MS), to: iso(NOW - 9 * DAY_MS) });
  assert.deepEqual([past.query.to, past.query.interval], [iso(NOW - 9 * DAY_MS), 'hour']);
});
