import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isPlaceholderAppUserId } from '../../../src/events/ingest/placeholder.ts';
import { isAppUserId } from './recorder.ts';

it('the tracker and the server reject the same placeholder user IDs', () => {
  const words = 'null nil none undefined unknown anonymous guest user test 0 -1 nan true false'.split(' ');
  const zeros = ['00000000-0000-0000-0000-000000000000', '0'.repeat(32)];
  for (const id of [
    ...words,
    ...words.map((word) => ` ${word.toUpperCase()} `),
    '[object Object]',
    ...zeros,
  ]) {
    assert.deepEqual([isAppUserId(id), isPlaceholderAppUserId(id)], [false, true], id);
  }
  for (const id of ['u', '1', '00', 'users', 'nullable', 'user_1', '0000', 'anon_1']) {
    assert.deepEqual([isAppUserId(id), isPlaceholderAppUserId(id)], [true, false], id);
  }
  assert.deepEqual([isAppUserId('x'.repeat(256)), isAppUserId('x'.repeat(257))], [true, false]);
});
