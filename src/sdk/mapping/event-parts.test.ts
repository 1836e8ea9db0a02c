import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toStoredName } from '../../events/ingest/normalize-name.ts';
import { parseTimestamp } from '../../lib/timestamp.ts';
import { compact, extend, toContext, toSessionId, toTime } from './event-parts.ts';

describe('times of SDKs', () => {
  for (const [sent, expected] of [
    ['2026-11-22T10:00:00Z', '2026-11-22T10:00:00Z'],
    ['2026-11-22T10:00:00.123+01:00', '2026-11-22T10:00:00.123+01:00'],
    ['2026-11-22T10:00:00+0100', '2026-11-22T10:00:00+01:00'],
    ['2026-11-22 10:00:00+00', '2026-11-22T10:00:00+00:00'],
    ['2026-11-22 10:00:00', '2026-11-22T10:00:00Z'],
    ['2026-11-22 10:00:00.5 -0330', '2026-11-22T10:00:00.5-03:30'],
    ['2026-11-22', '2026-11-22T00:00:00Z'],
  ] as const)
    it(`become RFC 3339: ${sent}`, () => {
      assert.equal(toTime(sent), expected);
      assert.notEqual(parseTimestamp(toTime(sent)), undefined);
    });

  it('stay as they are if they are numbers or something else, and seconds become milliseconds', () => {
    assert.deepEqual([1_795_866_119_013, 1_795_866_119, 'soon', undefined, ''].map(toTime), [
      1_795_866_119_013,
      1_795_866_119_000,
      'soon',
      undefined,
      undefined,
    ]);
  });
});

it('keeps the start of a name or session that is too long', () => {
  const { event_name, original } = toStoredName('Name '.repeat(8_000));
  assert.ok(String(event_name).length <= 64);
  assert.equal(String(original.$original_name).length, 200);
  assert.equal(toSessionId('s'.repeat(129))?.length, 128);
  assert.equal(toSessionId('s'.repeat(128))?.length, 128);
});

it('copies members without some names, and never sets a prototype', () => {
  const sent = JSON.parse('{"a":1,"token":"t","__proto__":{"b":2}}');
  const copy = extend(sent, { c: 3 }, new Set(['token', 'c']));
  assert.deepEqual(Object.keys(copy), ['a', '__proto__', 'c']);
  assert.equal(Object.getPrototypeOf(copy), Object.prototype);
  assert.equal(sent.token, 't');
});

it('has the platform in lower case, and the version of the SDK after its name', () => {
  assert.deepEqual(toContext({ platform: 'iOS', os_version: 17.1, sdk: 'posthog-ios', sdk_version: '3.1' }), {
    platform: 'ios',
    os_version: '17.1',
    sdk: 'posthog-ios/3.1',
  });
  assert.deepEqual(toContext({ sdk: 'lib', sdk_version: '' }), { sdk: 'lib' });
  assert.equal(toContext({ sdk_version: '1', locale: {} }), undefined);
});

it('keeps a member called __proto__ while it leaves out and adds others', () => {
  const fields = JSON.parse('{"__proto__":{"a":1},"kept":1,"gone":2,"replaced":3}');
  const extended = extend(fields, { replaced: 4, added: 5 }, new Set(['gone']));
  assert.equal(JSON.stringify(extended), '{"__proto__":{"a":1},"kept":1,"replaced":4,"added":5}');
  assert.equal(Object.getPrototypeOf(extended), Object.prototype);
});

it('leaves out undefined members, and returns nothing if none is left', () => {
  assert.deepEqual(compact({ a: undefined, b: 0, c: '', d: null }), { b: 0, c: '', d: null });
  assert.equal(compact({ a: undefined }), undefined);
  assert.equal(compact({}), undefined);
});
