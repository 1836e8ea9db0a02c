import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BatchContext, parseEvent } from './event.ts';

const BATCH: BatchContext = {
  projectId: 'proj_1',
  keyId: 'key_1',
  verified: 0,
  receivedAt: Date.parse('2026-11-22T10:00:00Z'),
  sentAt: undefined,
  country: undefined,
};
const EVENT = { event_id: 'e1', event_name: 'app_open', app_user_id: 'u_1' };
const parse = (value: unknown) =>
  parseEvent(value, BATCH, () => ({ id: 'app_1', currency: 'EUR', platform: 'ios' }));

/** EVENT with padding added by `grow` until its JSON has exactly `bytes` bytes. */
function eventOf(bytes: number, grow: (padding: string) => object): object {
  const empty = Buffer.byteLength(JSON.stringify({ ...EVENT, ...grow('') }));
  return { ...EVENT, ...grow('x'.repeat(bytes - empty)) };
}

const GROWN: Record<string, (padding: string) => object> = {
  'in properties': (text) => ({ properties: { text } }),
  'in properties, of two-byte characters': (text) => ({ properties: { umlauts: 'ü'.repeat(9_000), text } }),
  'in properties, of escaped characters': (text) => ({
    properties: { escaped: '\u0001"\n\ud800'.repeat(900), text },
  }),
  'in an unknown key': (text) => ({
    extra: { list: [1, -0.5, null, true, 'ü"'], text },
    properties: { a: 1 },
  }),
  'in the name of an unknown key': (text) => ({ [`k${text}`]: [] }),
  'in an unknown key of the context': (text) => ({ context: { sdk: 'ü', more: [[], {}, [text]] } }),
  'in app_id': (text) => ({ app_id: text }),
  'in the fraction of the timestamp': (text) => ({
    timestamp: `2026-01-01T00:00:00.1${text.replaceAll('x', '1')}Z`,
  }),
};

for (const [where, grow] of Object.entries(GROWN)) {
  test(`accepts 32,768 bytes of JSON and rejects 32,769, padded ${where}`, () => {
    const fits = eventOf(32_768, grow);
    assert.equal(Buffer.byteLength(JSON.stringify(fits)), 32_768);
    const parsed = parse(fits);
    assert.ok('row' in parsed, JSON.stringify(parsed));
    const refused = parse(eventOf(32_769, grow));
    assert.ok('rejection' in refused);
    assert.deepEqual([refused.rejection.code, refused.rejection.field], ['event_too_large', 'event']);
  });
}

test('measures the other fields at their longest as exactly as the properties', () => {
  const control = '\u0001'.repeat(128);
  const longest = {
    app_id: `app_${'"'.repeat(60)}`,
    event_id: '"'.repeat(128),
    event_name: 'a'.repeat(64),
    app_user_id: `u${'\u0001'.repeat(255)}`,
    session_id: control,
    timestamp: `2026-01-01T00:00:00.${'1'.repeat(43)}Z`,
    context: {
      platform: control,
      os_version: control,
      app_version: control,
      country: control,
      locale: control,
      device_model: control,
      sdk: control,
    },
  };
  assert.ok('row' in parse(eventOf(32_768, (text) => ({ ...longest, properties: { text } }))));
  assert.ok('rejection' in parse(eventOf(32_769, (text) => ({ ...longest, properties: { text } }))));
});

test('measures deeply nested unknown keys without overflowing the stack', () => {
  const nested = (brackets: number) => JSON.parse('['.repeat(brackets) + ']'.repeat(brackets));
  assert.ok('row' in parse({ ...EVENT, extra: nested(16_000) }));
  assert.ok('rejection' in parse({ ...EVENT, extra: nested(1_000_000) }));
});
