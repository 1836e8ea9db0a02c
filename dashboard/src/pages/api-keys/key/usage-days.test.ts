import assert from 'node:assert/strict';
import { it } from 'node:test';
import { sumByDay, totalRequests } from './usage-days.ts';

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

it('returns every day, oldest first, with zeros for days without requests', () => {
  const days = sumByDay([], 3, NOW);
  assert.deepEqual(
    days.map(({ day }) => day),
    ['2026-11-21', '2026-11-22', '2026-11-23'],
  );
  assert.deepEqual(days.map(totalRequests), [0, 0, 0]);
});

it('sums the hours of a day over categories and outcomes, and leaves older ones out', () => {
  const hours = [
    hour('2026-11-20T23:00:00Z', { ok: 9 }),
    hour('2026-11-22T01:00:00Z', { ok: 2 }),
    hour('2026-11-22T23:00:00Z', { ok: 1, limited: 4 }),
    hour('2026-11-23T00:00:00Z', { ok: 5 }),
  ];
  assert.deepEqual(sumByDay(hours, 3, NOW).map(totalRequests), [0, 7, 5]);
});
