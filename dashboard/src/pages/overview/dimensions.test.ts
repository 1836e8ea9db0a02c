import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameOf } from './dimensions.ts';

test('names what is known and leaves the rest as it was sent', () => {
  assert.equal(nameOf('platform', 'ios'), 'iOS');
  assert.equal(nameOf('platform', 'toString'), 'toString');
  assert.equal(nameOf('country', 'DE'), 'Germany');
  assert.equal(nameOf('country', 'QQ'), 'QQ');
  assert.equal(nameOf('country', '<b>DE</b>'), '<b>DE</b>');
  assert.equal(nameOf('app_version', 'ios'), 'ios');
});
