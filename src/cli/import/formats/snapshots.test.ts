import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toCountryCode } from './country-code.ts';
import { createSnapshotFilter } from './snapshots.ts';

const at = (minute: number) => `2024-03-01T10:0${minute}:00Z`;

type Properties = Record<string, unknown>;

function createFilter() {
  const hasChanged = createSnapshotFilter();
  return (person: string | undefined, time: string, properties: Properties) =>
    hasChanged({ person, time, properties });
}

test('says that user properties have changed when they differ from the latest ones of the person', () => {
  const hasChanged = createFilter();
  const pro = { plan: 'pro' };
  assert.equal(hasChanged('a', at(1), { plan: 'free' }), true);
  assert.equal(hasChanged('a', at(2), { plan: 'free' }), false);
  assert.equal(hasChanged('b', at(2), { plan: 'free' }), true, 'another person');
  assert.equal(hasChanged('a', at(4), pro), true);
  assert.equal(hasChanged('a', at(3), { plan: 'free' }), false, 'older than what is known');
  assert.equal(hasChanged('a', at(5), pro), false);
  assert.equal(hasChanged('a', at(6), { plan: 'free' }), true, 'as once before');
});

test('finds no change without a person or without properties', () => {
  const hasChanged = createFilter();
  assert.equal(hasChanged(undefined, at(1), { plan: 'pro' }), false);
  assert.equal(hasChanged('a', at(1), {}), false);
});

test('finds the code of a country by its name, and keeps one that is a code, in either case', () => {
  const found = ['Germany', 'United States', 'Brazil', 'FR', 'de', 'UK', 'uk'].map(toCountryCode);
  assert.deepEqual(found, ['DE', 'US', 'BR', 'FR', 'DE', 'GB', 'GB']);
});

test('finds no code for an unknown country, and none for the codes that mean unknown, asked once or again', () => {
  for (const country of ['Testland', 'Testland', 'XX', 'ZZ', 'xx', 'T1', '', undefined, 49])
    assert.equal(toCountryCode(country), undefined, String(country));
});

test('finds the code of a country by the other names that products have for it', () => {
  const names = {
    ...{ Turkey: 'TR', Türkiye: 'TR', 'Czech Republic': 'CZ', Czechia: 'CZ', 'Hong Kong': 'HK', Macao: 'MO' },
    ...{
      Myanmar: 'MM',
      'Ivory Coast': 'CI',
      "Cote d'Ivoire": 'CI',
      Palestine: 'PS',
      'The Netherlands': 'NL',
    },
    ...{ 'Bosnia and Herzegovina': 'BA', 'Saint Lucia': 'LC', 'St Kitts and Nevis': 'KN', 'DR Congo': 'CD' },
    ...{
      'Russian Federation': 'RU',
      'Viet Nam': 'VN',
      'Korea, Republic of': 'KR',
      'U.S. Virgin Islands': 'VI',
    },
  };
  for (const [name, code] of Object.entries(names)) assert.equal(toCountryCode(name), code, name);
});
