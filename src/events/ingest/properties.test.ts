import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseKeepingDigits } from '../../lib/exact-json.ts';
import { parseProperties } from './properties.ts';

function jsonOf(value: unknown): string {
  const parsed = parseProperties(value);
  assert.ok('json' in parsed, JSON.stringify(parsed));
  return parsed.json;
}

function fieldOfFlaw(value: unknown): string {
  const parsed = parseProperties(value);
  assert.ok('field' in parsed, JSON.stringify(parsed));
  return parsed.field;
}

const keys = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, index]));
/** `depth` containers including the outermost: nested(2) is {"a":{}}. */
const nested = (depth: number): object => (depth === 1 ? {} : { a: nested(depth - 1) });
const nestedLists = (depth: number): unknown[] => (depth === 1 ? [] : [nestedLists(depth - 1)]);

test('keeps any JSON', () => {
  const value = { text: 'ü😀\u0000"\\', list: [1, 'a', null, { b: false }], none: null, ratio: 0.1, '': 1 };
  assert.deepEqual(JSON.parse(jsonOf(value)), value);
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (properties) => {
      const sent = JSON.parse(JSON.stringify(properties));
      assert.deepEqual(JSON.parse(jsonOf(sent)), sent);
    }),
  );
});

test('counts the bytes of the JSON text', () => {
  assert.deepEqual(parseProperties({ a: 'ü' }), {
    json: '{"a":"ü"}',
    bytes: 10,
    revenue: undefined,
    currency: undefined,
  });
});

test('writes absent and null as an empty object', () => {
  assert.equal(jsonOf(undefined), '{}');
  assert.equal(jsonOf(null), '{}');
});

test('keeps keys that objects inherit as data', () => {
  const text = '{"__proto__":{"revenue":"1"},"constructor":{"prototype":1},"toString":2,"toJSON":3}';
  assert.equal(jsonOf(JSON.parse(text)), text);
  const parsed = parseProperties(JSON.parse(text));
  assert.ok('json' in parsed);
  assert.equal(parsed.revenue, undefined);
});

test('accepts 200 keys and rejects 201; nested keys do not count', () => {
  assert.equal(jsonOf(keys(200)), JSON.stringify(keys(200)));
  assert.equal(fieldOfFlaw(keys(201)), 'properties');
  assert.equal(jsonOf({ inner: keys(300) }), JSON.stringify({ inner: keys(300) }));
});

test('accepts 5 levels of objects and lists and rejects 6, naming the path', () => {
  assert.equal(jsonOf(nested(5)), JSON.stringify(nested(5)));
  assert.equal(jsonOf({ a: nestedLists(4) }), '{"a":[[[[]]]]}');
  assert.equal(jsonOf({ a: { b: { c: { d: { e: 1 } } } } }), '{"a":{"b":{"c":{"d":{"e":1}}}}}');
  assert.equal(fieldOfFlaw(nested(6)), 'properties.a.a.a.a.a');
  assert.equal(fieldOfFlaw({ list: ['x', nestedLists(4)] }), 'properties.list.1.0.0.0');
});

test('rejects a million nested brackets without overflowing the stack', () => {
  const brackets = 1_000_000;
  assert.equal(
    fieldOfFlaw({ a: JSON.parse('['.repeat(brackets) + ']'.repeat(brackets)) }),
    'properties.a.0.0.0.0',
  );
});

test('accepts keys of 128 characters and rejects 129 at every level', () => {
  const longest = '😀'.repeat(128);
  assert.equal(jsonOf({ [longest]: { [longest]: 1 } }), `{"${longest}":{"${longest}":1}}`);
  const tooLong = 'k'.repeat(129);
  assert.equal(fieldOfFlaw({ [tooLong]: 1 }), `properties.${'k'.repeat(32)}…`);
  assert.equal(fieldOfFlaw({ a: [{ [tooLong]: 1 }] }), `properties.a.0.${'k'.repeat(32)}…`);
});

test('rejects properties that are not an object', () => {
  for (const value of ['{}', 1, false, [], [{}]]) assert.equal(fieldOfFlaw(value), 'properties');
});

test('rejects a number that JavaScript reads as Infinity, instead of storing null', () => {
  assert.equal(fieldOfFlaw(JSON.parse('{"a":[1,{"b":-1e999}]}')), 'properties.a.1.b');
  assert.equal(jsonOf({ a: 1.7976931348623157e308 }), '{"a":1.7976931348623157e+308}');
});

// ClickHouse 26 answers '' for every property of an event whose JSON has one of these (isValidJSON says 0).
test('writes half a character as U+FFFD, so that ClickHouse can read all properties of the event', () => {
  const half = { 'k\udc00': ['\ud83d', '😀', '\\ud83d'], b: true };
  assert.equal(jsonOf(half), '{"k\ufffd":["\ufffd","😀","\\\\ud83d"],"b":true}');
});

test('writes an integer beyond 64 bits with an exponent, so that ClickHouse can read all properties of the event', () => {
  const large = {
    a: 2 ** 64,
    b: [-(2 ** 64), 1e20],
    c: 1234567890123456800,
    d: null,
    e: '12345678901234567890',
  };
  const json = jsonOf(large);
  assert.deepEqual(JSON.parse(json), large);
  assert.equal(
    json,
    '{"a":18446744073709552000e0,"b":[-18446744073709552000e0,100000000000000000000e0],"c":1234567890123456800,"d":null,"e":"12345678901234567890"}',
  );
});

test('writes every digit of numbers that a double cannot carry', () => {
  const text =
    '{"a":9007199254740993,"b":{"c":[18446744073709551615,-9223372036854775808]},"d":0.1234567890123456789,"e":1}';
  assert.equal(jsonOf(parseKeepingDigits(text)), text);
});

test('writes an integer beyond 64 bits with all its digits and an exponent', () => {
  const text = '{"a":18446744073709551616,"b":-9223372036854775809,"c":[123456789012345678901234567890]}';
  assert.equal(
    jsonOf(parseKeepingDigits(text)),
    '{"a":18446744073709551616e0,"b":-9223372036854775809e0,"c":[123456789012345678901234567890e0]}',
  );
});

test('counts the bytes of long numbers as they were sent', () => {
  const parsed = parseProperties(parseKeepingDigits(`{"a":0.${'1'.repeat(1_000)}}`));
  assert.ok('bytes' in parsed);
  assert.equal(parsed.bytes, 1_008);
});

test('returns revenue and currency as they were sent', () => {
  const parsed = parseProperties({ revenue: 9.9, currency: 'USD' });
  assert.ok('json' in parsed);
  assert.deepEqual([parsed.revenue, parsed.currency], [9.9, 'USD']);
});
