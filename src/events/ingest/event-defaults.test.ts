import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type BatchContext,
  type EventApp,
  type ParsedEvent,
  parseEvent,
  type Rejection,
  type RejectionCode,
} from './event.ts';

const RECEIVED_AT = Date.parse('2026-11-22T10:00:00Z');
const BATCH: BatchContext = {
  projectId: 'proj_1',
  keyId: 'key_1',
  verified: 1,
  receivedAt: RECEIVED_AT,
  sentAt: undefined,
  country: undefined,
};
const APP: EventApp = { id: 'app_1', currency: 'EUR', platform: 'ios' };
const EVENT = { event_id: 'e1', event_name: 'app_open', app_user_id: 'u_1' };

function parse(value: unknown, batch: BatchContext = BATCH): ParsedEvent {
  return parseEvent(value, batch, () => APP);
}

/** The row of EVENT with `fields` changed. */
function rowOf(fields: object, batch: BatchContext = BATCH) {
  const parsed = parse({ ...EVENT, ...fields }, batch);
  assert.ok('row' in parsed, JSON.stringify(parsed));
  return parsed.row;
}

function assertRejected(
  fields: object,
  code: RejectionCode,
  field: string,
  batch: BatchContext = BATCH,
): Rejection {
  const parsed = parse({ ...EVENT, ...fields }, batch);
  assert.ok('rejection' in parsed, JSON.stringify(fields).slice(0, 200));
  assert.deepEqual([parsed.rejection.code, parsed.rejection.field], [code, field]);
  assert.ok(parsed.rejection.message.length > 20);
  return parsed.rejection;
}

test('says that a required field is missing, instead of how to spell it', () => {
  for (const field of ['event_name', 'app_user_id']) {
    for (const value of [undefined, null]) {
      const { message } = assertRejected(
        { [field]: value, name: 'x' },
        `invalid_${field}` as RejectionCode,
        field,
      );
      assert.match(message, new RegExp(`^${field} is missing\\. `));
    }
  }
  assert.doesNotMatch(
    assertRejected({ event_name: 'X' }, 'invalid_event_name', 'event_name').message,
    /missing/,
  );
});

test("takes the app's platform for an event without one", () => {
  for (const context of [undefined, null, {}, { platform: null }, { platform: '' }, { country: 'DE' }]) {
    assert.equal(rowOf({ context }).platform, 'ios');
  }
  assert.equal(rowOf({ context: { platform: 'web' } }).platform, 'web');
});

test("takes the country of the request for an event without one, or else its locale's region", () => {
  const countryOf = (context: object, country?: string) => rowOf({ context }, { ...BATCH, country }).country;
  assert.equal(countryOf({ country: 'DE', locale: 'fr_FR' }, 'US'), 'DE');
  assert.equal(countryOf({ locale: 'fr_FR' }, 'US'), 'US');
  assert.equal(countryOf({ country: null, locale: 'fr_FR' }), 'FR');
  assert.equal(countryOf({}), '');
});
