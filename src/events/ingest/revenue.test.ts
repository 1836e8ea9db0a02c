import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseRevenue } from './revenue.ts';

/** An independent implementation: the amount in millionths, or undefined beyond 18 digits or scale 6. */
function referenceMillionths(text: string): bigint | undefined {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.');
  const scale = 10n ** BigInt(fraction.length);
  const units = BigInt(whole + fraction) * 1_000_000n;
  if (units % scale !== 0n || BigInt(whole) >= 10n ** 18n) return undefined;
  return text.startsWith('-') ? -(units / scale) : units / scale;
}

/** The inverse of the parser: millionths as the shortest decimal. */
function writeMillionths(millionths: bigint): string {
  const magnitude = millionths < 0n ? -millionths : millionths;
  const fraction = String(magnitude % 1_000_000n)
    .padStart(6, '0')
    .replace(/0+$/, '');
  return `${millionths < 0n ? '-' : ''}${magnitude / 1_000_000n}${fraction && `.${fraction}`}`;
}

const digits = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...'0000123456789'), minLength, maxLength });

test('matches exact integer arithmetic for every decimal text', () => {
  fc.assert(
    fc.property(fc.boolean(), digits(1, 21), digits(0, 9), (isNegative, whole, fraction) => {
      const text = `${isNegative ? '-' : ''}${whole}${fraction && `.${fraction}`}`;
      const expected = referenceMillionths(text);
      assert.equal(parseRevenue(text), expected === undefined ? undefined : writeMillionths(expected), text);
    }),
    { numRuns: 5_000 },
  );
});

test('reads a number as the decimal that JSON writes for it', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (amount) => {
      const json = JSON.stringify(amount);
      const expected = json.includes('e') ? undefined : referenceMillionths(json);
      assert.equal(
        parseRevenue(amount),
        expected === undefined ? undefined : writeMillionths(expected),
        json,
      );
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: -999_999_999, max: 999_999_999 }), (cents) => {
      assert.equal(parseRevenue(cents / 100), writeMillionths(BigInt(cents) * 10_000n));
    }),
  );
});

test('returns its own result unchanged', () => {
  fc.assert(
    fc.property(fc.oneof(fc.double(), fc.string(), digits(1, 20)), (value) => {
      const amount = parseRevenue(value);
      if (amount !== undefined) assert.equal(parseRevenue(amount), amount);
    }),
  );
});

for (const [value, expected] of [
  ['9.99', '9.99'],
  ['5.50', '5.5'],
  ['100', '100'],
  ['007.0', '7'],
  ['0', '0'],
  ['000', '0'],
  ['0.000000', '0'],
  ['-0', '0'],
  ['-0.00', '0'],
  ['-5.10', '-5.1'],
  ['-0.5', '-0.5'],
  ['0.000001', '0.000001'],
  ['9.9900000', '9.99'],
  ['999999999999999999.999999', '999999999999999999.999999'],
  ['-999999999999999999.999999', '-999999999999999999.999999'],
  [`${'0'.repeat(50)}1`, '1'],
  ['0999999999999999999.50', '999999999999999999.5'],
  [0, '0'],
  [-0, '0'],
  [9.99, '9.99'],
  [-5, '-5'],
  [0.000001, '0.000001'],
  [100_000_000_000_000_000, '100000000000000000'],
] as const) {
  test(`reads ${JSON.stringify(value)} as ${expected}`, () => assert.equal(parseRevenue(value), expected));
}

for (const value of [
  '',
  ' 9.99',
  '9.99\n',
  '+9.99',
  '9,99',
  '.5',
  '5.',
  '-',
  '--5',
  '1e3',
  '1_000',
  '0x10',
  '$9.99',
  '９.99',
  'NaN',
  '0.0000001',
  '1000000000000000000',
  1e18,
  1e21,
  1e-7,
  0.1 + 0.2,
  Number.NaN,
  Infinity,
  true,
  null,
  undefined,
  ['1'],
  { value: '1' },
  1n,
]) {
  test(`refuses ${typeof value === 'string' ? JSON.stringify(value) : `the ${typeof value} ${value}`}`, () => {
    assert.equal(parseRevenue(value), undefined);
  });
}

test('takes linear time for a long run of zeros', () => {
  const startedAt = performance.now();
  assert.equal(parseRevenue(`1.${'0'.repeat(1_000_000)}1`), undefined);
  assert.equal(parseRevenue('0'.repeat(1_000_000)), '0');
  assert.ok(performance.now() - startedAt < 1_000);
});
