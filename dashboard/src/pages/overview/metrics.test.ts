import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DailyAnswer } from '../../api/answers.ts';
import { addDays } from '../../lib/day-range.ts';
import { chartPoints, compareDays, countedDays, findChange, otherCurrencies, summarize } from './metrics.ts';

/** Returns an answer with these values for every metric. Its last day is `last`. */
function answerOf(
  values: readonly number[],
  last: string,
  generatedAt: string,
  timezone = 'UTC',
): DailyAnswer {
  return {
    data: values.map((value, index) => ({
      date: addDays(last, index - values.length + 1),
      dau: value,
      new_users: value,
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
  assert.deepEqual(findChange(comparison, 'events'), { now: 40, before: 20 });
  assert.deepEqual(findChange(comparison, 'dau'), { now: 20, before: 10 });
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
    findChange(compareDays(answerOf([1, 2], '2026-11-20', '2026-11-23T08:00:00Z'), 2), 'events'),
    undefined,
  );
  assert.equal(
    findChange(compareDays(answerOf([1, 2], '2026-11-23', '2026-11-23T08:00:00Z'), 1), 'events'),
    undefined,
  );
});

test('averages active users over complete days, and sums revenue exactly', () => {
  const comparison = compareDays(answerOf([0, 0, 0, 10, 21, 2], '2026-11-23', '2026-11-23T08:00:00Z'), 3);
  assert.equal(summarize(countedDays(comparison, 'dau'), 'dau', 'USD'), '16');
  assert.equal(summarize(countedDays(comparison, 'events'), 'events', 'USD'), '33');
  assert.equal(summarize(countedDays(comparison, 'revenue'), 'revenue', 'USD'), '$33.30');
});

test("sums other currencies separately, largest first, without the app's own", () => {
  const { data } = answerOf([5, 6], '2026-11-20', '2026-11-23T08:00:00Z');
  assert.deepEqual(otherCurrencies(data, 'USD'), [
    { currency: 'JPY', sum: '11.00' },
    { currency: 'EUR', sum: '0.02' },
  ]);
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
