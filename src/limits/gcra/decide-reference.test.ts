import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Bucket, countOwedTicks, toBucket } from './debt.ts';
import { decide } from './decide.ts';
import { createLimit, type PolicyRate } from './limit.ts';

/**
 * A token bucket in big integers: a different algorithm that must give the same answers. The level is in fractions of
 * one unit.
 */
function openReference({ rate, burst, perSeconds = 1 }: PolicyRate, startUs: number) {
  const flowPerUs = BigInt(Math.round(rate * 1e6));
  const unit = BigInt(perSeconds) * 1_000_000_000_000n;
  const full = BigInt(burst) * unit;
  let level = full;
  let lastUs = BigInt(startUs);
  return (cost: number, nowUs: number) => {
    level += (BigInt(nowUs) - lastUs) * flowPerUs;
    lastUs = BigInt(nowUs);
    if (level > full) level = full;
    const missing = BigInt(cost) * unit - level;
    const retryAfterMs = missing <= 0n ? 0 : Number((missing + flowPerUs * 1000n - 1n) / (flowPerUs * 1000n));
    if (missing <= 0n) level -= BigInt(cost) * unit;
    if (level > full) level = full;
    return { allowed: missing <= 0n, remaining: Number(level / unit), retryAfterMs };
  };
}

function openBucket(rate: PolicyRate) {
  const limit = createLimit('analytics', rate);
  let tat: Bucket | undefined;
  return (cost: number, nowUs: number) => {
    const decision = decide([countOwedTicks(limit, tat, nowUs)], [{ limit, cost }]);
    if (!decision.allowed && decision.impossible) assert.fail('the costs stay within the burst');
    if (decision.allowed) tat = toBucket(limit, decision.owedTicks[0] ?? 0, nowUs);
    const retryAfterMs = decision.allowed ? 0 : decision.retryAfterMs;
    return { allowed: decision.allowed, remaining: decision.states[0]?.remaining, retryAfterMs };
  };
}

const rates = fc.record({
  rate: fc.oneof(
    fc.integer({ min: 1, max: 100_000 }),
    fc.integer({ min: 1, max: 5_000_000_000 }).map((millionths) => millionths / 1e6),
  ),
  burst: fc.integer({ min: 1, max: 800 }),
});

const startUs = 1_700_000_000_000_000;

test('decides, counts and reports waits like a big-integer token bucket, over 20,000 and more weighted calls', () => {
  const calls = fc.array(
    fc.record({
      waitUs: fc.oneof(
        fc.constant(0),
        fc.integer({ min: 0, max: 50 }),
        fc.integer({ min: 0, max: 5_000_000 }),
      ),
      share: fc.integer({ min: -20, max: 100 }),
    }),
    { minLength: 60, maxLength: 120 },
  );
  fc.assert(
    fc.property(rates, calls, (rate, sequence) => {
      const bucket = openBucket(rate);
      const reference = openReference(rate, startUs);
      let nowUs = startUs;
      for (const { waitUs, share } of sequence) {
        nowUs += waitUs;
        const cost = Math.ceil((rate.burst * share) / 100);
        assert.deepEqual(bucket(cost, nowUs), reference(cost, nowUs));
      }
    }),
    { numRuns: 400 },
  );
});

/** The times at which one-unit calls were allowed, when called at these intervals in microseconds. */
function listPassed(rate: PolicyRate, waitsUs: readonly number[]): number[] {
  const bucket = openBucket(rate);
  let nowUs = startUs;
  return waitsUs.flatMap((waitUs) => {
    nowUs += waitUs;
    return bucket(1, nowUs).allowed ? [nowUs] : [];
  });
}

test('allows no more between any two moments than the burst and what refills in between', () => {
  const waitUs = fc.oneof(
    fc.constant(0),
    fc.integer({ min: 0, max: 2_000 }),
    fc.integer({ min: 0, max: 2_000_000 }),
  );
  const small = fc.record({
    rate: fc.integer({ min: 1, max: 5_000 }),
    burst: fc.integer({ min: 1, max: 40 }),
  });
  fc.assert(
    fc.property(small, fc.array(waitUs, { minLength: 100, maxLength: 200 }), ({ rate, burst }, waitsUs) => {
      const passed = listPassed({ rate, burst }, waitsUs);
      for (const [first, fromUs] of passed.entries()) {
        for (const [further, toUs] of passed.slice(first).entries()) {
          // In millionths of a unit, so that everything is a whole number.
          assert.ok((further + 1) * 1e6 <= burst * 1e6 + rate * (toUs - fromUs));
        }
      }
    }),
    { numRuns: 100 },
  );
});

const extremes: [string, PolicyRate, number][] = [
  ['3 a second', { rate: 3, burst: 5 }, 111_111],
  ['7 a minute', { rate: 7, perSeconds: 60, burst: 2 }, 4_000_001],
  ['1 a day, burst 1', { rate: 1, perSeconds: 86_400, burst: 1 }, 28_800_000_007],
  ['100,000 a second', { rate: 100_000, burst: 300 }, 3],
  ['99,999.999999 a second', { rate: 99_999.999999, burst: 3 }, 7],
];

for (const [name, rate, stepUs] of extremes) {
  test(`does not drift from big integers in a million calls at ${name}`, () => {
    const bucket = openBucket(rate);
    const reference = openReference(rate, 0);
    let passed = 0;
    for (let call = 0; call < 1_000_000; call += 1) {
      const nowUs = call * stepUs;
      const got = bucket(1, nowUs);
      const want = reference(1, nowUs);
      if (got.allowed) passed += 1;
      const isSame =
        got.allowed === want.allowed &&
        got.remaining === want.remaining &&
        got.retryAfterMs === want.retryAfterMs;
      if (!isSame) assert.deepEqual(got, want, `call ${call}`);
    }
    assert.ok(passed > 0 && passed < 1_000_000, 'the run meets both answers');
  });
}
