import assert from 'node:assert/strict';
import { it } from 'node:test';
import { defaultExpiry, expiryChoices, expiryInstant } from './expiry.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const valuesOf = (maxDays: number | null) => expiryChoices(maxDays).map(({ value }) => value);

it('offers no longer lifetime than the project allows', () => {
  assert.deepEqual(valuesOf(null), ['30', '90', '365', 'never', 'date']);
  assert.deepEqual(valuesOf(90), ['30', '90', 'date']);
  assert.deepEqual(valuesOf(89), ['30', 'date']);
  assert.deepEqual(valuesOf(7), ['date']);
});

it('defaults to a year, never for client keys, and the longest allowed choice otherwise', () => {
  assert.equal(defaultExpiry('server', null), '365');
  assert.equal(defaultExpiry('client', null), 'never');
  assert.equal(defaultExpiry('server', 90), '90');
  assert.equal(defaultExpiry('client', 365), '365');
  assert.equal(defaultExpiry('read_only', 7), 'date');
});

it('counts days from now, includes a chosen day to its end, and returns null for never', () => {
  assert.equal(expiryInstant('30', '', NOW), '2026-12-23T12:00:00.000Z');
  assert.equal(expiryInstant('never', '', NOW), null);
  assert.equal(expiryInstant('date', '2027-01-31', NOW), new Date('2027-01-31T23:59:59').toISOString());
  assert.equal(expiryInstant('date', '', NOW), undefined);
});
