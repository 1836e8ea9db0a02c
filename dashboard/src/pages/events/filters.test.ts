import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addFilter,
  clearFilters,
  describeFilter,
  type EventSearch,
  listFilters,
  propertyFilterOf,
  removeFilter,
  resolveTimes,
  toEventQuery,
} from './filters.ts';

const NOW = Date.parse('2026-11-23T08:00:00Z');

test('collects names and properties, and replaces all other filters', () => {
  let search: EventSearch = {};
  search = addFilter(search, { field: 'event_name', value: 'a' });
  search = addFilter(search, { field: 'event_name', value: 'b' });
  search = addFilter(search, { field: 'event_name', value: 'b' });
  search = addFilter(search, { field: 'user', value: 'u1' });
  search = addFilter(search, { field: 'user', value: 'u2' });
  search = addFilter(search, { field: 'property', value: 'plan:pro' });
  assert.deepEqual(search, { event_name: ['a', 'b'], user: 'u2', property: ['plan:pro'] });
  assert.deepEqual(listFilters(search).length, 4);
});

test('allows no more filters than the API accepts', () => {
  let search: EventSearch = {};
  for (let index = 0; index < 60; index += 1) {
    search = addFilter(search, { field: 'event_name', value: `n${index}` });
    search = addFilter(search, { field: 'property', value: `p${index}:1` });
  }
  assert.deepEqual([search.event_name?.length, search.property?.length], [50, 10]);
});

test('removes one filter and keeps the others and all other parameters', () => {
  const search = { app: 'app_1', event_name: ['a', 'b'], user: 'u', range: '7d' };
  assert.deepEqual(removeFilter(search, { field: 'event_name', value: 'a' }), {
    ...search,
    event_name: ['b'],
  });
  const { user: _, ...withoutUser } = search;
  assert.deepEqual(removeFilter(search, { field: 'user', value: 'u' }), withoutUser);
  const { event_name: __, ...withoutNames } = search;
  assert.deepEqual(
    removeFilter({ ...search, event_name: ['a'] }, { field: 'event_name', value: 'a' }),
    withoutNames,
  );
  assert.deepEqual(clearFilters(search), { app: 'app_1' });
});

test('shows a property by its name, and keeps colons in its value', () => {
  assert.deepEqual(describeFilter({ field: 'property', value: 'url:https://a:1' }), {
    name: 'url',
    relation: 'is',
    value: 'https://a:1',
  });
  assert.deepEqual(describeFilter({ field: 'user', value: 'a:b' }), {
    name: 'User ID',
    relation: 'is',
    value: 'a:b',
  });
});

test('keeps a property that is a value as before, and other operators as conditions', () => {
  for (const [op, filter, relation] of [
    ['is', { field: 'property', value: 'plan:pro' }, 'is'],
    ['is_not', { field: 'where', value: 'plan:is_not:pro' }, 'is not'],
    ['contains', { field: 'where', value: 'plan:contains:pro' }, 'contains'],
  ] as const) {
    assert.deepEqual(propertyFilterOf({ property: 'plan', op, value: 'pro' }), filter);
    assert.deepEqual(describeFilter(filter), { name: 'plan', relation, value: 'pro' });
  }
  const exists = propertyFilterOf({ property: 'plan', op: 'exists', value: '' });
  assert.deepEqual(exists, { field: 'where', value: 'plan:exists' });
  assert.deepEqual(describeFilter(exists), { name: 'plan', relation: 'exists', value: '' });
  assert.deepEqual(addFilter({ where: ['a:exists'] }, exists), { where: ['a:exists', 'plan:exists'] });
  assert.deepEqual(removeFilter({ where: ['plan:exists'] }, exists), {});
});

test('counts hours back from now, and days from their start in the time zone', () => {
  assert.deepEqual(resolveTimes('1h', 'UTC', NOW), { from: '2026-11-23T07:00:00.000Z' });
  assert.deepEqual(resolveTimes('24h', 'UTC', NOW), { from: '2026-11-22T08:00:00.000Z' });
  assert.deepEqual(resolveTimes('1d', 'Europe/Berlin', NOW), { from: '2026-11-22T23:00:00.000Z' });
  assert.deepEqual(resolveTimes('7d', 'UTC', NOW), { from: '2026-11-17T00:00:00.000Z' });
  assert.deepEqual(resolveTimes('2026-10-25..2026-10-25', 'Europe/Berlin', NOW), {
    from: '2026-10-24T22:00:00.000Z',
    to: '2026-10-25T23:00:00.000Z',
  });
});

test('means all time without a range or with an invalid one', () => {
  for (const range of [undefined, 'x', 'toString', '0d'])
    assert.deepEqual(resolveTimes(range, 'UTC', NOW), {});
});

test('queries the API for exactly what the URL says', () => {
  const search = {
    event_name: ['a', 'b'],
    user: 'u',
    session: 's',
    event: 'e',
    platform: 'ios',
    country: 'DE',
    app_version: '2.4.0',
    property: ['plan:pro'],
    where: ['files:gt:2'],
    range: '1h',
  };
  assert.deepEqual(toEventQuery(search, { appId: 'app_1', timezone: 'UTC', nowMs: NOW }), {
    app_id: 'app_1',
    event_name: ['a', 'b'],
    app_user_id: 'u',
    person: undefined,
    session_id: 's',
    event_id: 'e',
    platform: 'ios',
    country: 'DE',
    app_version: '2.4.0',
    property: ['plan:pro'],
    where: ['files:gt:2'],
    from: '2026-11-23T07:00:00.000Z',
  });
});
