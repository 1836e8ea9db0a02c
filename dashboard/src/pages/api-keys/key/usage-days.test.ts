import assert from 'node:assert/strict';
import { it } from 'node:test';
import { sumByDay, totalOf } from './usage-days.ts';

const NOW = Date.parse('2026-11-23T00:30:00Z');
const hour = (at: string, counts: { ok?: number; limited?: number }) => ({
  hour: at,
  category: 'events' as const,
  ok: 0,
  unauthorized: 0,
  forbidden: 0,
  limited: 0,
  ...counts,
});

it('gives every day, oldest first, with zeros where nothing was', () => {
  const days = sumByDay([], 3, NOW);
  assert.deepEqual(
    days.map(({ day }) => day),
    ['2026-11-21', '2026-11-22', '2026-11-23'],
  );
  assert.deepEqual(days.map(totalOf), [0, 0, 0]);
});

it('adds up the hours of a day over categories and outcomes, and leaves out older ones', () => {
  const hours = [
    hour('2026-11-20T23:00:00Z', { ok: 9 }),
    hour('2026-11-22T01:00:00Z', { ok: 2 }),
    hour('2026-11-22T23:00:00Z', { ok: 1, limited: 4 }),
    hour('2026-11-23T00:00:00Z', { ok: 5 }),
  ];
  assert.deepEqual(sumByDay(hours, 3, NOW).map(totalOf), [0, 7, 5]);
});
