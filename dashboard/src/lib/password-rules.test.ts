import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ACCOUNT_FIELDS } from '../../../src/accounts/account.ts';
import { findPasswordError, PASSWORD_MAX, PASSWORD_MIN } from './password-rules.ts';

it('accepts passwords of 12 to 128 characters', () => {
  const phrase = 'unrelated words of a person '.repeat(5);
  assert.match(findPasswordError(phrase.slice(0, 11)) ?? '', /at least 12/);
  assert.equal(findPasswordError(phrase.slice(0, 12)), undefined);
  assert.equal(findPasswordError(phrase.slice(0, 128)), undefined);
  assert.match(findPasswordError(phrase.slice(0, 129)) ?? '', /at most 128/);
});

it('refuses passwords that are easy to guess', () => {
  assert.match(findPasswordError('passwordpassword') ?? '', /easy to guess/);
});

it('has the limits of the server', () => {
  const limits = { minLength: PASSWORD_MIN, maxLength: PASSWORD_MAX };
  assert.partialDeepStrictEqual(ACCOUNT_FIELDS.password, limits);
});
