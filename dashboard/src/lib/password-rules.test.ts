import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ACCOUNT_FIELDS } from '../../../src/accounts/account.ts';
import { findPasswordError, PASSWORD_MAX, PASSWORD_MIN } from './password-rules.ts';

it('accepts passwords of 12 to 128 characters', () => {
  assert.match(findPasswordError('x'.repeat(11)) ?? '', /at least 12/);
  assert.equal(findPasswordError('x'.repeat(12)), undefined);
  assert.equal(findPasswordError('x'.repeat(128)), undefined);
  assert.match(findPasswordError('x'.repeat(129)) ?? '', /at most 128/);
});

it('has the limits of the server', () => {
  const limits = { minLength: PASSWORD_MIN, maxLength: PASSWORD_MAX };
  assert.partialDeepStrictEqual(ACCOUNT_FIELDS.password, limits);
});
