import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  copyDigits,
  digitsOf,
  hasDigits,
  parseKeepingDigits,
  parseToRewrite,
  stringifyKeepingDigits,
  toEngineNumber,
} from './exact-json.ts';

type Json = { [key: string]: Json } & Json[];
const parse = (text: string) => parseKeepingDigits(text) as Json;
const digitsIn = (number: string) => digitsOf(parse(`{"a":${number}}`), 'a');

describe('parseKeepingDigits', () => {
  it('returns what JSON.parse returns, whatever the text contains', () => {
    const digit = fc.constantFrom(...'0123456789.,:[]{}"eE-+ '.split(''));
    const long = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }).map(String);
    const value = fc.oneof(
      fc.jsonValue().map((one) => JSON.stringify(one)),
      long,
    );
    fc.assert(
      fc.property(
        fc.array(value),
        fc.array(digit).map((parts) => parts.join('')),
        (values, text) => {
          const json = `{"events":[${values.join(' , ')}],"text":${JSON.stringify(text)}}`;
          assert.deepEqual(parse(json), JSON.parse(json));
        },
      ),
    );
  });

  for (const number of [
    ...['9007199254740993', '-9007199254740993', '616581622363398142', '616581622363398140'],
    ...['18446744073709551616', '0.1234567890123456789', '9007199254740.993', '1234567890123456789e3'],
    ...['0.1000000000000000055511151231257827', '100000000000000000000000000000000000001'],
  ]) {
    it(`keeps the digits of ${number}`, () => {
      assert.equal(digitsIn(number), number);
      assert.equal(JSON.stringify(parseToRewrite(`{"a":[${number}]}`)), `{"a":[${number}]}`);
    });
  }

  for (const number of [
    ...['9007199254740992', '-9007199254740992', '9007199254740994', '0.30000000000000004', '1.0'],
    ...['100000000000000000000', '1e400', '123456789012345.0000000000', '-0.0000000000000000000'],
    ...['0.8444218515250481', '1.7976931348623157e308', '0.1234567890123450000'],
  ]) {
    it(`leaves ${number} alone: its double is the same number`, () =>
      assert.equal(digitsIn(number), undefined));
  }

  it('takes a decimal of 17 digits for the double that some programs print so', () => {
    assert.equal(digitsIn('9.9900000000000002'), undefined);
    assert.equal(digitsIn('9.9900000000000001'), '9.9900000000000001');
  });

  it('keeps digits at any depth, by object and by position in a list', () => {
    const { events } = parse('{"events":[{"properties":{"a":[1,9007199254740993]}},{"properties":{"a":1}}]}');
    const [first, second] = events as Json[];
    assert.equal(digitsOf(first?.properties?.a ?? {}, '1'), '9007199254740993');
    assert.deepEqual(
      [first, first?.properties, second, second?.properties].map((one) => one && hasDigits(one)),
      [true, true, false, false],
    );
  });

  it('copies digits to a copy, except for members that were replaced', () => {
    const sent = parse('{"a":9007199254740993,"b":9007199254740993,"c":{"d":9007199254740993}}') as object;
    const copy = { ...sent, b: null };
    copyDigits(sent, copy);
    assert.deepEqual([digitsOf(copy, 'a'), digitsOf(copy, 'b')], ['9007199254740993', undefined]);
    const nested = { ...sent, a: 1, b: 1 };
    copyDigits(sent, nested);
    assert.deepEqual([hasDigits(nested), digitsOf(nested, 'a')], [true, undefined]);
  });

  it('keeps the digits of the last of equal names, and none if that is another number', () => {
    assert.equal(digitsOf(parse('{"a":1,"a":9007199254740993}'), 'a'), '9007199254740993');
    assert.equal(digitsOf(parse('{"a":9007199254740993,"a":1}'), 'a'), undefined);
  });

  it('rejects what JSON.parse rejects', () => {
    assert.throws(() => parse('{"a":9007199254740993'), SyntaxError);
    assert.throws(() => parse('{"a":09007199254740993}'), SyntaxError);
  });

  it('reads a hundred thousand nested brackets beside a long number', () => {
    const text = `{"a":9007199254740993,"b":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    assert.equal(parse(text).a, 9_007_199_254_740_992);
  });
});

it('gives an exponent exactly to the integers that have more than 64 bits', () => {
  for (const fits of ['18446744073709551615', '-9223372036854775808', '1.5', '1e30', '0']) {
    assert.equal(toEngineNumber(fits), fits);
  }
  for (const large of ['18446744073709551616', '-9223372036854775809', '9'.repeat(30_000)]) {
    assert.equal(toEngineNumber(large), `${large}e0`);
    assert.equal(JSON.stringify(parseToRewrite(`[${toEngineNumber(large)}]`)), `[${large}]`);
  }
});

describe('stringifyKeepingDigits', () => {
  it('writes each long number as it was sent, also in an object around it', () => {
    const text =
      '{"id":12345678901234567890,"list":[1.00000000000000000001,2],"text":"12345678901234567890"}';
    assert.equal(stringifyKeepingDigits(parse(text)), text);
    assert.equal(stringifyKeepingDigits({ properties: parse(text) }), `{"properties":${text}}`);
  });
});
