import assert from 'node:assert/strict';
import { it } from 'node:test';
import { auditLogSearch, docsSearch, eventsSearch, overviewSearch, usersSearch } from './page-search.ts';

it('keeps valid days in the URL of Overview, and removes invalid ones', () => {
  assert.deepEqual(
    overviewSearch({ range: '7d', timezone: 'Asia/Tokyo', currency: 'EUR', metric: 'events', other: 1 }),
    {
      range: '7d',
      timezone: 'Asia/Tokyo',
      currency: 'EUR',
      metric: 'events',
    },
  );
  for (const range of ['0d', '2001d', 'week', '2026-02-30..2026-03-01', '2026-03-02..2026-03-01', '1h', 7]) {
    assert.deepEqual(
      overviewSearch({ range, timezone: 'Mars/Base', currency: 'dollars' }),
      { range: undefined, timezone: undefined, currency: undefined },
      String(range),
    );
  }
});

it('accepts hours and days in the URL of Events', () => {
  for (const range of ['1h', '24h', '30d', '2026-01-01..2026-01-02']) {
    assert.deepEqual(eventsSearch({ range, event_name: 'a' }), { range, event_name: ['a'] });
  }
  for (const range of ['2h', 'toString', ''])
    assert.deepEqual(eventsSearch({ range }), { range: undefined }, range);
});

it('keeps the search and the filters of Users', () => {
  const search = { q: 42, country: 'DE', user_property: ['plan:pro', 'plan:pro'], apps: 'all' };
  assert.deepEqual(usersSearch({ ...search, range: '7d' }), {
    ...search,
    q: '42',
    user_property: ['plan:pro'],
  });
});

it('keeps the SDK and the platform of the quick start', () => {
  for (const tab of ['curl', 'appflow', 'posthog', 'jitsu'])
    assert.deepEqual(docsSearch({ with: tab, on: 'swift' }), { with: tab, on: 'swift' });
  assert.deepEqual(docsSearch({ with: 'firebase', on: 'toString' }), { with: undefined, on: undefined });
});

it('accepts only the ranges that the audit log offers', () => {
  for (const range of ['1d', '7d', '30d', '90d']) assert.deepEqual(auditLogSearch({ range }), { range });
  for (const range of ['2d', '1h', '90'])
    assert.deepEqual(auditLogSearch({ range, actor: 'x' }), { actor: 'x', range: undefined });
});
