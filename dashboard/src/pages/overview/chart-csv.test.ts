import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderCsv } from './chart-csv.ts';
import type { Comparison } from './metrics.ts';

const row = (date: string, events: number) => ({
  date,
  dau: 1,
  new_users: 0,
  sessions: 2,
  events,
  revenue_by_currency: { EUR: '0.10' },
});
const COMPARISON: Comparison = {
  interval: 'day',
  current: [row('2026-11-22', 3), row('2026-11-23', 4)],
  previous: [row('2026-11-20', 1), row('2026-11-21', 2)],
  completeCount: 2,
};

test('has a line for each day with exact amounts, and the previous period of the shown metric', () => {
  const csv = renderCsv(COMPARISON, ['dau', 'new_users', 'sessions', 'events', 'revenue'], 'events', 'EUR');
  assert.equal(
    csv,
    'day,dau,new_users,sessions,events,revenue_eur,previous_from,previous_events\r\n' +
      '2026-11-22,1,0,2,3,0.10,2026-11-20,1\r\n' +
      '2026-11-23,1,0,2,4,0.10,2026-11-21,2\r\n',
  );
});

test('leaves out what is not there: a comparison, metrics that do not add up, another currency', () => {
  const weeks: Comparison = { ...COMPARISON, interval: 'week', previous: [] };
  assert.equal(
    renderCsv(weeks, ['events', 'revenue'], 'events', 'USD'),
    'week_from,events,revenue_usd\r\n2026-11-22,3,0\r\n2026-11-23,4,0\r\n',
  );
});
