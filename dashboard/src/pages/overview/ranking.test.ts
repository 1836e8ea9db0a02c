import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BreakdownAnswer } from '../../api/answers.ts';
import { rankValues } from './ranking.ts';

const META: BreakdownAnswer['meta'] = {
  app_id: 'app_1',
  timezone: 'UTC',
  filters: {},
  currency: 'USD',
  definitions: {},
  unverified_revenue: 'included',
  retained_from: null,
  generated_at: '2026-11-23T08:00:00Z',
  start: '2026-11-01',
  end: '2026-11-23',
  by: 'country',
  metric: 'revenue',
  limit: 200,
};

const earned = (value: string, USD: string, EUR: string) => ({
  value,
  revenue: USD,
  revenue_by_currency: { USD, EUR },
  share: null,
});

test('leaves events that the client sends by itself out of the top events, and only there', () => {
  const names = ['session_start', 'app_open', '$identify', 'session_end', 'session_started', 'buy'];
  const data = names.map((value) => ({ value, events: 2, share: 0.1 }));
  const answer = { data, other: { events: 0, share: 0 }, meta: META };
  const shown = (by: 'event_name' | 'app_version') =>
    rankValues(answer, { by, measure: 'events', currency: 'USD' }).rows.map(({ value }) => value);
  assert.deepEqual(shown('event_name'), ['app_open', 'session_started', 'buy']);
  assert.deepEqual(shown('app_version'), names);
});

test('leaves out values without an amount, and the rest if it is nothing', () => {
  const data = [
    { value: 'DE', events: 3, share: 1 },
    { value: null, events: 0, share: 0 },
  ];
  const { rows, other } = rankValues(
    { data, other: { events: 0, share: 0 }, meta: META },
    { by: 'country', measure: 'events', currency: 'USD' },
  );
  assert.deepEqual(rows, [{ value: 'DE', text: '3', weight: 3, share: 1 }]);
  assert.equal(other, undefined);
});

// "United States 100%" was shown for revenue in one currency of several.
test('ranks revenue in another currency by that currency, with shares of it', () => {
  const data = [earned('US', '90', '1'), earned('DE', '0', '7'), earned('FR', '0', '2')];
  const other = { revenue: '0', revenue_by_currency: {}, share: null };
  const ranking = rankValues(
    { data, other, meta: META },
    { by: 'country', measure: 'revenue', currency: 'EUR' },
  );
  assert.deepEqual(
    ranking.rows.map(({ value, text, share }) => [value, text, share]),
    [
      ['DE', '€7.00', 0.7],
      ['FR', '€2.00', 0.2],
      ['US', '€1.00', 0.1],
    ],
  );
});

test('shows eight values, and adds further ones to the rest, except for users, who may be the same', () => {
  const data = Array.from({ length: 9 }, (_, index) => ({
    value: `v${index}`,
    events: 20 - index,
    users: 20 - index,
    revenue: `${20 - index}.10`,
    share: 0.1,
  }));
  const other = { events: 5, users: 5, revenue: '5.05', share: 0.05 };
  const rank = (measure: 'events' | 'users' | 'revenue') =>
    rankValues({ data, other, meta: META }, { by: 'event_name', measure, currency: 'USD' });
  assert.equal(rank('events').rows.length, 8);
  assert.equal(rank('events').other?.text, '17');
  assert.equal(rank('events').other?.share?.toFixed(3), '0.150');
  assert.equal(rank('revenue').other?.text, '$17.15');
  assert.equal(rank('users').other, undefined);
  const eight = rankValues(
    { data: data.slice(0, 8), other, meta: META },
    { by: 'event_name', measure: 'users', currency: 'USD' },
  );
  assert.equal(eight.other?.text, '5');
});

test('adds values beyond the eighth to the rest in another currency, exactly', () => {
  const data = Array.from({ length: 10 }, (_, index) => earned(`V${index}`, '0', `${10 - index}.10`));
  const other = { revenue: '0', revenue_by_currency: { EUR: '0.05' }, share: null };
  const ranking = rankValues(
    { data, other, meta: META },
    { by: 'country', measure: 'revenue', currency: 'EUR' },
  );
  assert.equal(ranking.rows.length, 8);
  assert.equal(ranking.other?.text, '€3.25');
});
