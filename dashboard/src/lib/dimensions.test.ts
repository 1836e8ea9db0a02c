import assert from 'node:assert/strict';
import { test } from 'node:test';
import { valueLabel } from './dimensions.ts';

test('shows names for known values and leaves others unchanged', () => {
  assert.equal(valueLabel('platform', 'ios'), 'iOS');
  assert.equal(valueLabel('platform', 'toString'), 'toString');
  assert.equal(valueLabel('country', 'DE'), 'Germany');
  assert.equal(valueLabel('country', 'QQ'), 'QQ');
  assert.equal(valueLabel('country', '<b>DE</b>'), '<b>DE</b>');
  assert.equal(valueLabel('app_version', 'ios'), 'ios');
});
