import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { isCurrency, isTimeZone } from './formats.ts';
import { compileCheck } from './validate.ts';

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

test('accepts the names of the IANA time zone database, with its old ones, in any case', () => {
  const old =
    'GB Eire EST MST HST EST5EDT CET MET UTC GMT GMT+0 Zulu PRC ROK W-SU NZ-CHAT Asia/Calcutta Europe/Kiev US/Pacific Etc/GMT+5';
  for (const name of [
    ...Intl.supportedValuesOf('timeZone'),
    ...old.split(' '),
    'Europe/Kyiv',
    'europe/berlin',
    'utc',
  ]) {
    assert.equal(isTimeZone(name), true, name);
  }
});

test('rejects abbreviations, which name several zones, offsets, and names that only ICU knows', () => {
  const java =
    'ACT AET AGT ART AST BET BST CAT CNT CST CTT EAT ECT IET IST JST MIT NET NST PLT PNT PRT PST SST VST';
  const others = [
    'SystemV/EST5',
    'systemv/pst8pdt',
    'CEST',
    'EDT',
    '+05:30',
    'UTC+1',
    'Etc/Unknown',
    'Factory',
    '',
    'Europe',
  ];
  for (const name of [...java.split(' '), 'bst', ...others]) assert.equal(isTimeZone(name), false, name);
});

test('says in words what is wrong with an email address, however long it is', () => {
  const check = compileCheck(Type.Object({ email: Type.String({ format: 'email-address' }) }));
  for (const email of ['a@example.com', "o'hara+x@mail.example.co", 'A_b-c.d@example.com'])
    assert.deepEqual(check({ email }), [], email);
  for (const email of [
    'i@example',
    '.a@example.com',
    'a..b@example.com',
    '@example.com',
    'a'.repeat(60_000),
  ]) {
    const [{ message, code } = { message: '', code: '' }] = check({ email });
    assert.equal(message, 'email must be an email address such as you@example.com.');
    assert.equal(code, 'invalid_format');
  }
});
