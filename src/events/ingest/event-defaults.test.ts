import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertRejected, BATCH, rowOf } from '../../../test/support/parse-event.ts';
import type { RejectionCode } from './rejection-cures.ts';

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
