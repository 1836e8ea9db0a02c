import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toCountryCode } from './country-code.ts';
import { createSnapshotFilter } from './snapshots.ts';

const at = (minute: number) => `2024-03-01T10:0${minute}:00Z`;

test('says that user properties are news when they differ from the latest ones of the person', () => {
  const isNews = createSnapshotFilter();
  const pro = { plan: 'pro' };
  assert.equal(isNews('a', at(1), { plan: 'free' }), true);
  assert.equal(isNews('a', at(2), { plan: 'free' }), false);
  assert.equal(isNews('b', at(2), { plan: 'free' }), true, 'another person');
  assert.equal(isNews('a', at(4), pro), true);
  assert.equal(isNews('a', at(3), { plan: 'free' }), false, 'older than what is known');
  assert.equal(isNews('a', at(5), pro), false);
  assert.equal(isNews('a', at(6), { plan: 'free' }), true, 'as once before');
});

test('has no news without a person or without properties', () => {
  const isNews = createSnapshotFilter();
  assert.equal(isNews(undefined, at(1), { plan: 'pro' }), false);
  assert.equal(isNews('a', at(1), {}), false);
});

test('finds the code of a country by its name, and keeps one that is a code', () => {
  const found = ['Germany', 'United States', 'Brazil', 'FR', 'Testland', '', 'de', undefined].map(
    toCountryCode,
  );
  assert.deepEqual(found, ['DE', 'US', 'BR', 'FR', undefined, undefined, undefined, undefined]);
});
