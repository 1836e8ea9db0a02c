import assert from 'node:assert/strict';
import { it } from 'node:test';
import { listRevenue } from './revenue.ts';

it("lists amounts by currency, the app's first and the others in order", () => {
  assert.deepEqual(listRevenue({ EUR: '3.00', USD: '1299.90', CHF: '-1.00' }, 'USD'), [
    '$1,299.90',
    '-CHF\u00a01.00',
    '€3.00',
  ]);
  assert.deepEqual(listRevenue({ USD: '1.00', EUR: '3.00' }, undefined), ['€3.00', '$1.00']);
  assert.deepEqual(listRevenue({}, 'USD'), []);
});
