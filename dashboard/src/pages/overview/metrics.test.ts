import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DailyAnswer } from '../../api/answers.ts';
import { addDays } from '../../lib/day-range.ts';
import {
  chartPoints,
  compareDays,
  findAverageUsers,
  findChange,
  formatTotal,
  listCurrencies,
} from './metrics.ts';

/** Returns an answer with these values for every metric. Its last day is `last`. */
function answerOf(
  values: readonly number[],
  last: string,
  generatedAt: string,
  timezone = 'UTC',
  isNew = false,
): DailyAnswer {
  return {
    data: values.map((value, index) => ({
      date: addDays(last, index - values.length + 1),
      dau: value,
      // All users of the first day with events are new only if it is the app's first day.
      new_users: isNew ? value : 0,
      sessions: value,
      events: value,
      revenue: `${value}.10`,
      revenue_by_currency: { USD: `${value}.10`, EUR: '0.01', JPY: `${value}` },
    })),
    meta: {
      app_id: 'app_1',
      timezone,
      filters: {},
      currency: 'USD',
      definitions: {},
      unverified_revenue: 'included',
      retained_from: null,
      generated_at: generatedAt,
      start: addDays(last, 1 - values.length),
      end: last,
      metrics: ['dau'],
    },
  };
}

test('compares complete days with as many of the previous period', () => {
  const comparison = compareDays(answerOf([10, 10, 99, 20, 20, 1], '2026-11-23', '2026-11-23T08:00:00Z'), 3);
  assert.equal(comparison.completeCount, 2);
  assert.deepEqual(findChange(comparison, 'events', 'USD'), { now: 40, before: 20 });
  assert.deepEqual(findChange(comparison, 'dau', 'USD'), { now: 20, before: 10 });
});

test('decides in the reporting time zone whether today is complete', () => {
  const values = [1, 2, 3, 4];
  const over = compareDays(answerOf(values, '2026-11-23', '2026-11-23T23:00:00Z', 'Europe/Berlin'), 2);
  assert.equal(over.completeCount, 2);
  const open = compareDays(answerOf(values, '2026-11-23', '2026-11-23T22:59:59Z', 'Europe/Berlin'), 2);
  assert.equal(open.completeCount, 1);
});

test('compares nothing without previous days or without a complete day', () => {
  assert.equal(
    findChange(compareDays(answerOf([1, 2], '2026-11-20', '2026-11-23T08:00:00Z'), 2), 'events', 'USD'),
    undefined,
  );
  assert.equal(
    findChange(compareDays(answerOf([1, 2], '2026-11-23', '2026-11-23T08:00:00Z'), 1), 'events', 'USD'),
    undefined,
  );
});

test('averages active users over complete days, and sums revenue exactly', () => {
  const comparison = compareDays(answerOf([0, 0, 0, 10, 21, 2], '2026-11-23', '2026-11-23T08:00:00Z'), 3);
  assert.equal(findAverageUsers(comparison), 15.5);
  assert.equal(formatTotal(comparison.current, 'events', 'USD'), '33');
  assert.equal(formatTotal(comparison.current, 'revenue', 'USD'), '$33.30');
});

const GENERATED = '2026-11-23T08:00:00Z';
const newApp = (values: number[], count: number) =>
  compareDays(answerOf(values, '2026-11-23', GENERATED, 'UTC', true), count);

// A new app showed the average of a year that was empty but for its last days.
test("averages active users from the app's first event on", () => {
  assert.equal(findAverageUsers(newApp([0, 0, 0, 0, 12, 8, 5], 7)), 10);
  assert.equal(findAverageUsers(newApp([0, 0, 0, 0, 12, 0, 5], 7)), 6);
  const silent = compareDays(answerOf([0, 0, 0, 12, 8, 5], '2026-11-23', GENERATED), 6);
  assert.equal(findAverageUsers(silent), 4, 'users who were here before: days without events count');
});

test('has no average before the first complete day', () => {
  assert.equal(findAverageUsers(newApp([0, 0, 0, 3], 4)), undefined);
  assert.equal(findAverageUsers(newApp([0, 0, 2, 3], 4)), 2);
  assert.equal(findAverageUsers(newApp([3], 1)), undefined);
});

test('compares a new app with nothing', () => {
  assert.deepEqual(findChange(newApp([0, 0, 0, 0, 6, 3], 3), 'dau', 'USD'), { now: 6, before: 0 });
  assert.deepEqual(findChange(newApp([0, 0, 0, 0, 0, 3], 3), 'dau', 'USD'), { now: 0, before: 0 });
});

test("lists the currencies of both periods, the app's own first, and shows each by itself", () => {
  const comparison = compareDays(answerOf([5, 6], '2026-11-20', GENERATED), 1);
  assert.deepEqual(listCurrencies(comparison, 'USD'), ['USD', 'EUR', 'JPY']);
  assert.deepEqual(listCurrencies(comparison, 'GBP'), ['GBP', 'EUR', 'JPY', 'USD']);
  assert.equal(formatTotal(comparison.current, 'revenue', 'JPY'), '¥6');
  assert.equal(formatTotal(comparison.current, 'revenue', 'GBP'), '£0.00');
  assert.deepEqual(findChange(comparison, 'revenue', 'EUR'), { now: 0.01, before: 0.01 });
  assert.equal(chartPoints(comparison, 'revenue', 'EUR')[0]?.text, '€0.01');
});

test('starts the incomplete line at the last complete day', () => {
  const comparison = compareDays(answerOf([1, 2, 3, 4, 5, 6], '2026-11-23', '2026-11-23T08:00:00Z'), 3);
  const points = chartPoints(comparison, 'events', 'USD');
  assert.deepEqual(
    points.map(({ complete, open, previous }) => [complete, open, previous]),
    [
      [4, null, 1],
      [5, 5, 2],
      [null, 6, 3],
    ],
  );
  assert.equal(points[0]?.previousDate, '2026-11-18');
});

test('has no incomplete line for a complete range', () => {
  const points = chartPoints(
    compareDays(answerOf([1, 2], '2026-11-20', '2026-11-23T08:00:00Z'), 2),
    'events',
    'USD',
  );
  assert.deepEqual(
    points.map(({ open }) => open),
    [null, null],
  );
});
