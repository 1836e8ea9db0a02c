import assert from 'node:assert/strict';
import { it } from 'node:test';
import { findPasswordError } from './password-rules.ts';

it('accepts passwords of 12 to 128 characters', () => {
  assert.match(findPasswordError('x'.repeat(11)) ?? '', /at least 12/);
  assert.equal(findPasswordError('x'.repeat(12)), undefined);
  assert.equal(findPasswordError('x'.repeat(128)), undefined);
  assert.match(findPasswordError('x'.repeat(129)) ?? '', /at most 128/);
});
