import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assertRejected,
  BATCH,
  EVENT,
  parse,
  RECEIVED_AT,
  rowOf,
} from '../../../test/support/parse-event.ts';
import { HOUR_MS } from '../../lib/durations.ts';
import { type BatchContext, parseEvent, type Rejection } from './event.ts';
import { REJECTION_CURES } from './rejection-cures.ts';

test('creates the row of a full event', () => {
  const value = {
    app_id: 'app_1',
    event_id: '01JABC',
    event_name: 'purchase_complete',
    app_user_id: 'user_123',
    session_id: 's_9',
    timestamp: '2026-11-22T09:00:00.000Z',
    properties: { product_id: 'pro_monthly', revenue: '9.90', currency: 'USD' },
    context: {
      platform: 'ios',
      os_version: '18.1',
      app_version: '2.4.0',
      country: 'DE',
      locale: 'de_DE',
      device_model: 'iPhone17,1',
      sdk: 'appflow-js/1.0.0',
    },
  };
  assert.deepEqual(parse(value), {
    row: {
      project_id: 'proj_1',
      app_id: 'app_1',
      event_id: '01JABC',
      event_name: 'purchase_complete',
      app_user_id: 'user_123',
      session_id: 's_9',
      timestamp: Date.parse('2026-11-22T09:00:00Z'),
      received_at: RECEIVED_AT,
      properties: '{"product_id":"pro_monthly","revenue":"9.90","currency":"USD"}',
      revenue: '9.9',
      currency: 'USD',
      key_id: 'key_1',
      verified: 1,
      ...value.context,
    },
    warnings: [],
  });
});

test('creates the row of a minimal event', () => {
  const text =
    '{"event_id":"83e69762aff047940b376fc2a266d143","event_name":"commit_test","app_user_id":"u_f81f5cbaa4c49352","timestamp":"2026-08-20T14:10:49.000Z","properties":{"files":1,"insertions":6,"deletions":0}}';
  const parsed = parse(JSON.parse(text));
  assert.ok('row' in parsed);
  assert.equal(parsed.row.timestamp, Date.parse('2026-08-20T14:10:49Z'));
  assert.equal(parsed.row.properties, '{"files":1,"insertions":6,"deletions":0}');
  assert.deepEqual([parsed.row.revenue, parsed.row.currency, parsed.row.session_id], [null, '', '']);
});

test('treats null as absent for every optional field', () => {
  const nulls = { app_id: null, session_id: null, timestamp: null, context: null };
  const row = rowOf({ ...nulls, properties: { revenue: null, currency: null } });
  assert.deepEqual(row, { ...rowOf({}), properties: '{"revenue":null,"currency":null}' });
  assert.equal(rowOf({ properties: null }).properties, '{}');
  assert.equal(row.timestamp, RECEIVED_AT);
});

test('creates a new id for each event without one', () => {
  const first = rowOf({ event_id: undefined }).event_id;
  assert.match(first, /^[0-9A-Z]{26}$/);
  assert.notEqual(rowOf({ event_id: null }).event_id, first);
});

test('rejects anything but an object', () => {
  for (const value of [null, undefined, 'x', 1, true, [], [EVENT]]) {
    const parsed = parse(value);
    assert.ok('rejection' in parsed);
    assert.equal(parsed.rejection.code, 'invalid_event');
    assert.equal('event_id' in parsed.rejection, false);
  }
});

test('rejects event names that are not snake_case of 1 to 64 characters', () => {
  for (const name of ['a', 'a1_', 'a'.repeat(64)]) assert.equal(rowOf({ event_name: name }).event_name, name);
  const names = [
    '',
    'A',
    'appOpen',
    '1a',
    '_a',
    '$other',
    'a-b',
    'a b',
    'a\n',
    'ä',
    'a'.repeat(65),
    1,
    null,
    undefined,
  ];
  for (const event_name of [...names, ['a'], {}])
    assertRejected({ event_name }, 'invalid_event_name', 'event_name');
});

test('rejects app user ids that are not 1 to 256 bytes', () => {
  for (const id of ['u', '1', 'u'.repeat(256), 'ü'.repeat(128), '😀'.repeat(64), 'a b', 'a\tb', ' u ']) {
    assert.equal(rowOf({ app_user_id: id }).app_user_id, id);
  }
  const ids = [
    '',
    'u'.repeat(257),
    `${'ü'.repeat(128)}u`,
    `${'😀'.repeat(64)}u`,
    7,
    true,
    null,
    undefined,
    ['u'],
    {},
  ];
  for (const app_user_id of ids) assertRejected({ app_user_id }, 'invalid_app_user_id', 'app_user_id');
});

test('rejects app user ids that could merge two people or have no visible character', () => {
  for (const app_user_id of [
    'u\ud83d',
    '\udc00',
    'u\0',
    '\0',
    ' ',
    '\t\n',
    '\u200b',
    '\u0001\u007f',
    '\u00a0',
  ]) {
    assertRejected({ app_user_id }, 'invalid_app_user_id', 'app_user_id');
  }
});

test('rejects placeholders as app user ids', () => {
  for (const app_user_id of ['NULL', ' guest ', '-1', '00000000-0000-0000-0000-000000000000']) {
    assertRejected({ app_user_id }, 'placeholder_app_user_id', 'app_user_id');
  }
});

test('rejects event ids that are not 1 to 128 visible ASCII characters', () => {
  for (const id of ['!', '~', 'e'.repeat(128)]) assert.equal(rowOf({ event_id: id }).event_id, id);
  for (const event_id of ['', 'e'.repeat(129), 'a b', 'a\n', '\x7f', 'ü', 7, false, [], {}]) {
    assert.equal('event_id' in assertRejected({ event_id }, 'invalid_event_id', 'event_id'), false);
  }
});

test('rejects session ids over 128 characters and half characters', () => {
  for (const id of ['', 's'.repeat(128), '😀'.repeat(128)])
    assert.equal(rowOf({ session_id: id }).session_id, id);
  for (const session_id of ['s'.repeat(129), `${'😀'.repeat(128)}s`, 's\ud83d', 7, {}]) {
    assertRejected({ session_id }, 'invalid_session_id', 'session_id');
  }
});

test('accepts timestamps from 2000 to one hour ahead, both to the millisecond', () => {
  const year2000 = Date.parse('2000-01-01T00:00:00Z');
  assert.equal(rowOf({ timestamp: year2000 }).timestamp, year2000);
  assert.equal(rowOf({ timestamp: '2000-01-01T00:00:00Z' }).timestamp, year2000);
  assertRejected({ timestamp: year2000 - 1 }, 'timestamp_too_old', 'timestamp');
  assertRejected({ timestamp: '1999-12-31T23:59:59.999Z' }, 'timestamp_too_old', 'timestamp');
  assert.equal(rowOf({ timestamp: RECEIVED_AT + HOUR_MS }).timestamp, RECEIVED_AT + HOUR_MS);
  assertRejected({ timestamp: RECEIVED_AT + HOUR_MS + 1 }, 'timestamp_in_future', 'timestamp');
  // Most of these are seconds sent as milliseconds.
  assertRejected({ timestamp: RECEIVED_AT / 1000 }, 'timestamp_too_old', 'timestamp');
});

test('corrects a wrong device clock by sent_at before it checks the time', () => {
  const reset: BatchContext = { ...BATCH, sentAt: 60_000 };
  assert.equal(rowOf({ timestamp: 50_000 }, reset).timestamp, RECEIVED_AT - 10_000);
  const tomorrow: BatchContext = { ...BATCH, sentAt: RECEIVED_AT + 24 * HOUR_MS };
  assert.equal(rowOf({ timestamp: RECEIVED_AT + 23 * HOUR_MS }, tomorrow).timestamp, RECEIVED_AT - HOUR_MS);
  assert.equal(rowOf({ timestamp: RECEIVED_AT + 25 * HOUR_MS }, tomorrow).timestamp, RECEIVED_AT + HOUR_MS);
  assertRejected({ timestamp: RECEIVED_AT + 25 * HOUR_MS + 1 }, 'timestamp_in_future', 'timestamp', tomorrow);
  assert.equal(rowOf({}, tomorrow).timestamp, RECEIVED_AT);
});

test('rejects timestamps that are no time', () => {
  for (const timestamp of ['', 'now', '2026-11-22', '2026-02-30T00:00:00Z', Infinity, true, [], {}]) {
    assertRejected({ timestamp }, 'invalid_timestamp', 'timestamp');
  }
});

test('names the path of a flaw in properties and context', () => {
  assertRejected({ properties: [] }, 'invalid_properties', 'properties');
  assertRejected({ properties: { a: { b: [[[[]]]] } } }, 'invalid_properties', 'properties.a.b.0.0.0');
  assertRejected({ context: 'ios' }, 'invalid_context', 'context');
  assertRejected({ context: { platform: 7 } }, 'invalid_context', 'context.platform');
});

test('accepts negative revenue only on refund', () => {
  assert.equal(rowOf({ event_name: 'refund', properties: { revenue: '-9.99' } }).revenue, '-9.99');
  assert.equal(rowOf({ properties: { revenue: '-0.00' } }).revenue, '0');
  for (const revenue of ['-9.99', -0.01, 'free', '', true, {}, '1e3']) {
    assertRejected({ properties: { revenue } }, 'invalid_revenue', 'properties.revenue');
  }
});

test("gives revenue the event's currency, or else the app's, and no currency without revenue", () => {
  assert.equal(rowOf({ properties: { revenue: 1 } }).currency, 'EUR');
  assert.equal(rowOf({ properties: { revenue: 1, currency: 'JPY' } }).currency, 'JPY');
  assert.equal(rowOf({ properties: { currency: 'JPY' } }).currency, '');
});

test('rejects a wrong currency with and without revenue', () => {
  for (const currency of ['usd', 'XX', '', 840, ['USD']]) {
    assertRejected({ properties: { currency } }, 'invalid_currency', 'properties.currency');
    assertRejected({ properties: { currency, revenue: 1 } }, 'invalid_currency', 'properties.currency');
  }
});

test('leaves product_id, quantity and store to the sender', () => {
  const properties = { product_id: 7, quantity: 'two', store: null };
  assert.equal(rowOf({ properties }).properties, JSON.stringify(properties));
});

test('resolves the app an event names and passes on the rejection', () => {
  const resolved: (string | undefined)[] = [];
  const refusal: Rejection = { code: 'app_not_allowed', field: 'app_id', message: 'Use another key.' };
  const resolve = (appId: string | undefined) => {
    resolved.push(appId);
    return appId === 'app_2' ? refusal : { id: appId ?? 'app_only', currency: 'USD', platform: 'ios' };
  };
  const appIdOf = (fields: object) => {
    const parsed = parseEvent({ ...EVENT, ...fields }, BATCH, resolve);
    return 'row' in parsed ? parsed.row.app_id : parsed.rejection;
  };
  assert.equal(appIdOf({}), 'app_only');
  assert.equal(appIdOf({ app_id: null }), 'app_only');
  assert.equal(appIdOf({ app_id: 'app_3' }), 'app_3');
  assert.deepEqual(appIdOf({ app_id: 'app_2' }), { ...refusal, event_id: 'e1' });
  assert.deepEqual(resolved, [undefined, undefined, 'app_3', 'app_2']);
  assertRejected({ app_id: 7 }, 'app_not_found', 'app_id');
});

test('drops and lists unknown keys of the event and its context', () => {
  const text =
    '{"event_name":"a","app_user_id":"u_1","battery":1,"__proto__":{"app_id":"x"},"context":{"sdk":"s","carrier":{"a":1}}}';
  const parsed = parse(JSON.parse(text));
  assert.ok('row' in parsed);
  assert.deepEqual(
    parsed.warnings,
    ['battery', '__proto__', 'context.carrier'].map((field) => ({ code: 'unknown_field', field })),
  );
  assert.equal(parsed.row.sdk, 's');
  assert.equal('battery' in parsed.row, false);
});

test('includes the id of a rejected event if it is valid', () => {
  assert.equal(assertRejected({ event_name: 'Bad' }, 'invalid_event_name', 'event_name').event_id, 'e1');
});

test('has a fix for every code', () => {
  for (const cure of Object.values(REJECTION_CURES)) assert.match(cure, /^(Send|Name|Use|Drop) .{20,}\.$/);
});
