import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sumDecimals } from './decimal.ts';

test('sums money exactly, also below zero and beyond the precision of a double', () => {
  assert.equal(sumDecimals(['0.1', '0.2']), '0.30');
  assert.equal(sumDecimals(['123456789012345678.01', '0.01']), '123456789012345678.02');
  assert.equal(sumDecimals(['9.99', '-19.98']), '-9.99');
  assert.equal(sumDecimals(['-0.005', '0']), '-0.005');
  assert.equal(sumDecimals(['0.000001', '1']), '1.000001');
});

test('sums no values, and invalid ones, to zero', () => {
  assert.equal(sumDecimals([]), '0.00');
  assert.equal(sumDecimals(['', 'NaN', '1e3', '1.']), '0.00');
});
