import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatMoney } from './money.ts';

const CASES: [amount: string, currency: string, expected: string][] = [
  ['12.5', 'USD', '12.50'],
  ['0', 'USD', '0.00'],
  ['3', 'JPY', '3'],
  ['3.000000', 'JPY', '3'],
  ['3.5', 'JPY', '3.5'],
  ['1', 'KWD', '1.000'],
  ['0.015', 'USD', '0.015'],
  ['0.000001', 'EUR', '0.000001'],
  ['-2.25', 'USD', '-2.25'],
  ['-0.1', 'EUR', '-0.10'],
  ['100', 'USD', '100.00'],
  ['123456789012345678901234.123456', 'USD', '123456789012345678901234.123456'],
];

for (const [amount, currency, expected] of CASES) {
  test(`formats ${amount} ${currency} as ${expected}`, () => {
    assert.equal(formatMoney(amount, currency), expected);
  });
}
