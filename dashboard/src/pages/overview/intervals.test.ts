import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addDays } from '../../lib/day-range.ts';
import { findPoint, groupDays, intervalOf, parseInterval } from './intervals.ts';
import type { Comparison, DayRow } from './metrics.ts';
import { nameOfPeriod } from './period-names.ts';

const row = (date: string, events: number): DayRow => ({
  date,
  dau: events,
  sessions: events,
  events,
  new_users: 1,
  revenue_by_currency: { USD: '0.10', ...(events > 5 && { EUR: '1.00' }) },
});

/** Thursday 2026-11-19 to Wednesday 2026-11-25, each compared with the day one week earlier; Wednesday is not over. */
const COMPARISON: Comparison = {
  interval: 'day',
  current: [1, 2, 3, 4, 5, 6, 7].map((events, index) => row(addDays('2026-11-19', index), events)),
  previous: [10, 20, 30, 40, 50, 60, 70].map((events, index) => row(addDays('2026-11-12', index), events)),
  completeCount: 6,
};

test('adds days up to weeks from Monday, compared with as many days one range earlier', () => {
  const { current, previous, completeCount, interval } = groupDays(COMPARISON, 'week');
  assert.deepEqual(
    current.map(({ date, events, new_users, revenue_by_currency }) => [
      date,
      events,
      new_users,
      revenue_by_currency,
    ]),
    [
      ['2026-11-16', 10, 4, { USD: '0.40' }],
      ['2026-11-23', 18, 3, { USD: '0.30', EUR: '2.00' }],
    ],
  );
  assert.deepEqual(
    previous.map(({ date, events }) => [date, events]),
    [
      ['2026-11-12', 100],
      ['2026-11-16', 180],
    ],
  );
  assert.deepEqual([completeCount, interval], [1, 'week']);
});

test('adds days up to months, and has no previous ones without a comparison', () => {
  const { current, previous } = groupDays({ ...COMPARISON, previous: [] }, 'month');
  assert.deepEqual(
    current.map(({ date, events }) => [date, events]),
    [['2026-11-01', 28]],
  );
  assert.deepEqual(previous, []);
  assert.equal(groupDays(COMPARISON, 'day'), COMPARISON);
});

test('never adds up people or sessions', () => {
  for (const metric of ['dau', 'sessions'] as const) assert.equal(intervalOf(metric, 'month'), 'day');
  for (const metric of ['events', 'new_users', 'revenue'] as const)
    assert.equal(intervalOf(metric, 'week'), 'week');
  assert.equal(parseInterval('month'), 'month');
  assert.equal(parseInterval('year'), 'day');
});

test('names a point, and finds the one that contains a day', () => {
  assert.equal(nameOfPeriod('2026-11-23', 'day', true), 'Nov 23, 2026');
  assert.equal(nameOfPeriod('2026-11-23', 'week', true), 'Week of Nov 23, 2026');
  assert.equal(nameOfPeriod('2026-11-01', 'month'), 'Nov 2026');
  const { current } = groupDays(COMPARISON, 'week');
  assert.equal(findPoint(current, 'week', '2026-11-22'), 0);
  assert.equal(findPoint(current, 'week', '2026-11-23'), 1);
  assert.equal(findPoint(current, 'week', '2026-11-30'), undefined);
});
