import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCurrency } from './formats.ts';

test('accepts the currencies of ISO 4217, including those ICU lacks and recently withdrawn ones', () => {
  for (const code of [
    'USD',
    'EUR',
    'JPY',
    'KWD',
    'INR',
    'SLE',
    'XCG',
    'VED',
    'CLF',
    'XAU',
    'XXX',
    'XTS',
    'HRK',
    'BYR',
  ]) {
    assert.equal(isCurrency(code), true, code);
  }
});

test('rejects other codes, lower case and values that are not text', () => {
  for (const code of [
    'usd',
    'Usd',
    'USDT',
    'US',
    'BTC',
    'ZZZ',
    '',
    ' USD',
    '$',
    '840',
    840,
    null,
    undefined,
    ['USD'],
  ]) {
    assert.equal(isCurrency(code), false, String(code));
  }
});
