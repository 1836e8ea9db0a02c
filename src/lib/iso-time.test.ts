import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toIsoTime } from './iso-time.ts';

const YEAR_10000_MS = 253_402_300_800_000;

test('equals toISOString for any instant, in any order, again and again', () => {
  const instants = fc.array(
    fc.oneof(fc.integer({ min: -1_000, max: 1_000 }), fc.integer({ min: 0, max: YEAR_10000_MS })),
  );
  fc.assert(
    fc.property(instants, (all) => {
      for (const instant of [...all, ...all])
        assert.equal(toIsoTime(instant), new Date(instant).toISOString());
    }),
  );
});

test('instants that share a place do not share a text', () => {
  for (const instant of [0, 256, 512, 0, -256, 0.5, 0]) {
    assert.equal(toIsoTime(instant), new Date(instant).toISOString());
  }
});

test('throws for what is no date, like toISOString', () => {
  for (const instant of [Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1]) {
    assert.throws(() => toIsoTime(instant), RangeError);
    assert.throws(() => toIsoTime(instant), RangeError);
  }
});
