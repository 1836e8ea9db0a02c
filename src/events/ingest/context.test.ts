import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseKeepingDigits } from '../../lib/exact-json.ts';
import { hasAtMostCharacters, parseContext } from './context.ts';

const NOTHING = {
  platform: '',
  os_version: '',
  app_version: '',
  country: '',
  locale: '',
  device_model: '',
  sdk: '',
};
const FULL = {
  platform: 'ios',
  os_version: '18.1',
  app_version: '2.4.0',
  country: 'DE',
  locale: 'de_DE',
  device_model: 'iPhone17,1',
  sdk: 'appflow-js/1.0.0',
};

test('fills the seven columns', () => {
  assert.deepEqual(parseContext(FULL), { columns: FULL, warnings: [] });
});

test('treats null as absent, for the object and each value', () => {
  const nulls = Object.fromEntries(Object.keys(NOTHING).map((key) => [key, null]));
  for (const value of [undefined, null, {}, nulls]) {
    assert.deepEqual(parseContext(value), { columns: NOTHING, warnings: [] });
  }
});

for (const key of Object.keys(NOTHING)) {
  test(`accepts ${key} up to 128 characters and rejects anything but a string`, () => {
    assert.deepEqual(parseContext({ [key]: 'x'.repeat(128) }), {
      columns: { ...NOTHING, [key]: 'x'.repeat(128) },
      warnings: [],
    });
    for (const value of ['x'.repeat(129), true, [], {}]) {
      const parsed = parseContext({ [key]: value });
      assert.ok('message' in parsed);
      assert.equal(parsed.field, `context.${key}`);
      assert.match(parsed.message, /string of at most 128 characters/);
    }
  });
}

test('drops and lists unknown keys with any value, even names that objects inherit', () => {
  const value = JSON.parse(
    '{"platform":"ios","battery":{"level":1},"__proto__":{"sdk":"x"},"constructor":1}',
  );
  assert.deepEqual(parseContext(value), {
    columns: { ...NOTHING, platform: 'ios' },
    warnings: ['battery', '__proto__', 'constructor'].map((key) => ({
      code: 'unknown_field',
      field: `context.${key}`,
    })),
  });
});

test('keeps all digits of a version that was sent as a number', () => {
  const long = '1'.repeat(129);
  for (const [number, text] of [
    ['20261122101500123', '20261122101500123'],
    [long.slice(1), long.slice(1)],
    [long, String(Number(long))],
  ] as const) {
    const parsed = parseContext(parseKeepingDigits(`{"app_version":${number}}`));
    assert.ok('columns' in parsed);
    assert.equal(parsed.columns.app_version, text);
  }
});

test('stores a number as text for the versions, with a warning, and rejects it for every other key', () => {
  for (const [value, text] of [
    [34, '34'],
    [2.1, '2.1'],
    [0, '0'],
  ] as const) {
    for (const key of ['os_version', 'app_version']) {
      assert.deepEqual(parseContext({ [key]: value }), {
        columns: { ...NOTHING, [key]: text },
        warnings: [{ code: 'number_as_text', field: `context.${key}` }],
      });
    }
  }
  assert.ok('message' in parseContext(JSON.parse('{"app_version":1e999}')));
  for (const key of ['platform', 'country', 'locale', 'device_model', 'sdk']) {
    assert.ok('message' in parseContext({ [key]: 1 }), key);
  }
});

test('rejects a context that is not an object', () => {
  for (const value of ['ios', 1, true, [], [FULL]]) {
    const parsed = parseContext(value);
    assert.ok('message' in parsed);
    assert.equal(parsed.field, 'context');
  }
});

test('replaces half a character, which a client that cuts at 128 leaves behind', () => {
  assert.deepEqual(parseContext({ device_model: 'Phone \ud83d' }), {
    columns: { ...NOTHING, device_model: 'Phone \ufffd' },
    warnings: [],
  });
});

test('counts characters, not UTF-16 units', () => {
  assert.equal(hasAtMostCharacters('😀'.repeat(128), 128), true);
  assert.equal(hasAtMostCharacters(`${'😀'.repeat(128)}x`, 128), false);
  assert.equal(hasAtMostCharacters('x'.repeat(257), 128), false);
});
