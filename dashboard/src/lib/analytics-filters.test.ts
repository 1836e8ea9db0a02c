import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type AnalyticsFilter,
  parseFilters,
  passesFilters,
  propertyFilter,
  renderFilters,
  toEventsSearch,
  toFilterQuery,
  withFilter,
  withoutFilter,
} from './analytics-filters.ts';

const FILTERS: AnalyticsFilter[] = [
  { field: 'country', value: 'DE' },
  { field: 'country', value: 'AT' },
  { field: 'platform', value: '' },
  propertyFilter('property', 'a:b', 'c:d'),
  propertyFilter('user_property', 'plan', 'pro'),
];

test('reads the filters of a URL back, and leaves out unknown ones', () => {
  assert.deepEqual(parseFilters(renderFilters(FILTERS)), FILTERS);
  assert.deepEqual(parseFilters(['city:Berlin', 'country', '__proto__:x']), []);
  const texts = (field: string, length: number) =>
    Array.from({ length }, (_, index) => `${field}:a:${index}`);
  assert.equal(parseFilters([...texts('country', 51), ...texts('property', 21)]).length, 50 + 20);
  assert.equal(parseFilters([...texts('country', 50), ...texts('property', 20)]).length, 50 + 20);
  const full = parseFilters(texts('property', 20));
  const added = withFilter(full, { field: 'property', value: 'b:1' });
  assert.deepEqual(added, [...full.slice(1), { field: 'property', value: 'b:1' }]);
});

test('keeps a filter once, and removes exactly one', () => {
  const [first, ...others] = FILTERS;
  assert.ok(first);
  assert.deepEqual(withFilter(FILTERS, first), [...others, first]);
  assert.deepEqual(withoutFilter(FILTERS, first), others);
});

test('queries values of one field as alternatives', () => {
  assert.deepEqual(toFilterQuery(FILTERS), {
    country: ['DE', 'AT'],
    platform: [''],
    property: ['a\\:b:c:d'],
    user_property: ['plan:pro'],
  });
  assert.deepEqual(toEventsSearch(FILTERS), { country: 'DE', platform: '', property: ['a\\:b:c:d'] });
});

test('decides about an event as the server does', () => {
  const event = {
    event_name: 'buy',
    context: { country: 'AT' },
    properties: { 'a:b': 'c:d', files: 2, on: true },
  };
  const passes = (...filters: AnalyticsFilter[]) => passesFilters(event, filters);
  assert.equal(passes(), true);
  assert.equal(passes(...FILTERS), true);
  assert.equal(passes({ field: 'country', value: 'DE' }), false);
  assert.equal(passes({ field: 'country', value: 'DE' }, { field: 'country', value: 'AT' }), true);
  assert.equal(passes({ field: 'event_name', value: 'buy' }, { field: 'country', value: 'FR' }), false);
  assert.equal(passes(propertyFilter('property', 'files', '2')), true);
  assert.equal(passes(propertyFilter('property', 'missing', '')), false);
  assert.equal(
    passes(propertyFilter('property', 'files', '3'), propertyFilter('property', 'files', '2')),
    true,
  );
  assert.equal(
    passes(propertyFilter('property', 'files', '2'), propertyFilter('property', 'on', 'false')),
    false,
  );
});
