import assert from 'node:assert/strict';
import { it } from 'node:test';
import { findPasswordMistake } from './password-rules.ts';

it('takes passwords of 12 to 128 characters', () => {
  assert.match(findPasswordMistake('x'.repeat(11)) ?? '', /at least 12/);
  assert.equal(findPasswordMistake('x'.repeat(12)), undefined);
  assert.equal(findPasswordMistake('x'.repeat(128)), undefined);
  assert.match(findPasswordMistake('x'.repeat(129)) ?? '', /at most 128/);
});
