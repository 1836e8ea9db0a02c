import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCountry } from './country.ts';

test('takes the region of a locale, however systems write it', () => {
  for (const locale of [
    'de_DE',
    'de-DE',
    'DE_de',
    'gsw-DE',
    'de_DE.UTF-8@euro',
    'de_Latn_DE',
    'de-DE-1996',
  ]) {
    assert.equal(findCountry(undefined, locale), 'DE', locale);
  }
  assert.equal(findCountry(undefined, 'zh_TW_#Hant'), 'TW');
  assert.equal(findCountry(undefined, 'zh-Hant-TW'), 'TW');
});

test('takes no country from a locale without a region', () => {
  for (const locale of [
    '',
    'de',
    'es-419',
    'zh-Hant',
    'en_',
    'C.UTF-8',
    'POSIX',
    'de-DEU',
    'de-1996',
    'x'.repeat(128),
  ]) {
    assert.equal(findCountry(undefined, locale), '', locale);
  }
});
