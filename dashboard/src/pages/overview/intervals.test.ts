import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addDays } from '../../lib/day-range.ts';
import {
  compareHours,
  groupDays,
  intervalOf,
  intervalsFor,
  parseInterval,
  placeDays,
  toPeriodUsers,
} from './intervals.ts';
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
  timezone: 'UTC',
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
  assert.equal(intervalOf('sessions', 'month'), 'day');
  assert.equal(intervalOf('sessions', 'hour'), 'hour');
  assert.equal(intervalOf('dau', 'month'), 'month', 'counted for each month');
  for (const metric of ['events', 'new_users', 'revenue'] as const)
    assert.equal(intervalOf(metric, 'week'), 'week');
  assert.equal(parseInterval('month'), 'month');
  assert.equal(parseInterval('year'), 'day');
});

test('offers hours for up to 31 days', () => {
  assert.ok(intervalsFor(31).includes('hour'));
  assert.ok(!intervalsFor(32).includes('hour'));
});

test('names a point, and finds the one that contains a day', () => {
  const of = (interval: Comparison['interval'], timezone = 'UTC') => ({ interval, timezone });
  assert.equal(nameOfPeriod('2026-11-23', of('day'), true), 'Nov 23, 2026');
  assert.equal(nameOfPeriod('2026-11-23', of('week'), true), 'Week of Nov 23, 2026');
  assert.equal(nameOfPeriod('2026-11-01', of('month')), 'Nov 2026');
  assert.equal(nameOfPeriod('2026-11-23T05:15:00Z', of('hour', 'Asia/Kathmandu')), 'Nov 23, 11:00');
  const weeks = groupDays(COMPARISON, 'week');
  assert.equal(placeDays(weeks)('2026-11-22'), 0);
  assert.equal(placeDays(weeks)('2026-11-23'), 1);
  assert.equal(placeDays(weeks)('2026-11-30'), undefined);
});

const META = {
  app_id: 'app_1',
  timezone: 'Europe/Berlin',
  filters: {},
  currency: 'USD',
  definitions: {},
  unverified_revenue: 'included' as const,
  retained_from: null,
  generated_at: '2026-11-23T01:30:00Z',
  start: '2026-11-23',
  end: '2026-11-23',
};
const hour = (at: string, active_users: number) => ({ hour: at, active_users, events: 2 });

test('shows hours up to now, the running one as incomplete', () => {
  const data = [
    hour('2026-11-22T23:00:00Z', 1),
    hour('2026-11-23T00:00:00Z', 2),
    hour('2026-11-23T01:00:00Z', 3),
  ];
  const previous = Array.from({ length: 24 }, (_, index) => hour(`2026-11-22T${index}`, 9));
  const hours = compareHours({ data, previous, meta: { ...META, metrics: ['events'] } });
  assert.deepEqual([hours.interval, hours.completeCount, hours.previous.length], ['hour', 2, 3]);
  assert.deepEqual(hours.current[1], { date: '2026-11-23T00:00:00Z', dau: 2, events: 2 });
  assert.equal(placeDays(hours)('2026-11-23'), 0);
  assert.deepEqual(compareHours({ data, meta: { ...META, metrics: ['events'] } }).previous, []);
});

test('shows the users of each week by its Monday, also if the range cuts it', () => {
  const data = [
    { start: '2026-11-19', end: '2026-11-22', users: 5, new_users: 1, partial: true },
    { start: '2026-11-23', end: '2026-11-23', users: 2, new_users: 0, partial: true },
  ];
  const weeks = toPeriodUsers({ data, meta: { ...META, interval: 'week' } }, 'week');
  assert.deepEqual(
    weeks.current.map(({ date, dau }) => [date, dau]),
    [
      ['2026-11-16', 5],
      ['2026-11-23', 2],
    ],
  );
  assert.equal(weeks.completeCount, 1);
});
