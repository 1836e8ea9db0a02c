import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bind } from './bind.ts';

test('binds text as a literal and other types by a cast', () => {
  assert.equal(
    bind('SELECT {a:String}, {b:UInt64}, {c:Array(String)}', { a: 'x', b: 5, c: ['y', 'z'] }),
    "SELECT 'x', CAST('5' AS UInt64), CAST(['y','z'] AS Array(String))",
  );
});

test('binds a date with its milliseconds', () => {
  assert.equal(
    bind("SELECT {at:DateTime64(3, 'UTC')}", { at: new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 6)) }),
    "SELECT CAST('2026-01-02 03:04:05.006' AS DateTime64(3, 'UTC'))",
  );
});

test('escapes what would end a literal, and never scans a value again', () => {
  const value = "'; DROP TABLE events; -- \\ {b:String} \0";
  assert.equal(
    bind('SELECT {a:String}, {b:String}', { a: value, b: 'second' }),
    "SELECT '\\'; DROP TABLE events; -- \\\\ {b:String} \\0', 'second'",
  );
});

test('leaves literals and comments of the statement unchanged', () => {
  const sql = "SELECT '{a:String}', 'it''s {a:String}', '\\'{a:String}' -- {a:String}\n/* {a:String} */";
  assert.equal(bind(sql, {}), sql);
});

test('rejects a placeholder without a value, including inherited property names', () => {
  assert.throws(() => bind('SELECT {a:String}', {}), TypeError);
  assert.throws(() => bind('SELECT {a:String}', { a: undefined }), TypeError);
  assert.throws(() => bind('SELECT {toString:String}', {}), TypeError);
});

test('rejects values without a literal form', () => {
  for (const value of [{}, Number.NaN, Number.POSITIVE_INFINITY, () => 1, Symbol('x')]) {
    assert.throws(() => bind('SELECT {a:String}', { a: value }), TypeError);
  }
});
