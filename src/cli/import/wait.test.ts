import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideWait, parseRetryAfter } from './wait.ts';

const basesOf = (retryAftersMs: (number | undefined)[]) => {
  let previousBaseMs = 0;
  return retryAftersMs.map((retryAfterMs) => {
    previousBaseMs = decideWait({ previousBaseMs, retryAfterMs, random: 0.5 }).baseMs;
    return previousBaseMs;
  });
};

test('doubles the wait at each refusal in a row, up to a minute', () => {
  const bases = basesOf(Array.from({ length: 8 }, () => 1_000));
  assert.deepEqual(bases, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
});

test('never waits less than the server asks for, the minute included', () => {
  assert.deepEqual(basesOf([3_000, 1_000, 20_000, 90_000, 1_000]), [3_000, 6_000, 20_000, 90_000, 60_000]);
  for (const random of [0, 1]) {
    const { waitMs } = decideWait({ previousBaseMs: 0, retryAfterMs: 120_000, random });
    assert.ok(waitMs >= 120_000 && waitMs <= 121_000, String(waitMs));
  }
});

test('jitters upward by a tenth, at most a second, and leaves it out of the doubling', () => {
  assert.deepEqual(decideWait({ previousBaseMs: 0, retryAfterMs: 3_000, random: 1 }), {
    baseMs: 3_000,
    waitMs: 3_300,
  });
  assert.equal(decideWait({ previousBaseMs: 0, retryAfterMs: 40_000, random: 1 }).waitMs, 41_000);
});

test('without a word from the server begins at a second, half of it random', () => {
  assert.deepEqual(basesOf([undefined, undefined, undefined]), [1_000, 2_000, 4_000]);
  assert.equal(decideWait({ previousBaseMs: 0, retryAfterMs: undefined, random: 0 }).waitMs, 500);
  assert.equal(decideWait({ previousBaseMs: 30_000, retryAfterMs: undefined, random: 1 }).waitMs, 60_000);
});

test('never makes a tight loop of a wait of nothing', () => {
  assert.deepEqual(basesOf([0, 0, 0]), [250, 500, 1_000]);
});

test('reads Retry-After as seconds or as a date, and nonsense as nothing', () => {
  const now = Date.parse('2026-11-22T10:00:00Z');
  assert.equal(parseRetryAfter('7', now), 7_000);
  assert.equal(parseRetryAfter('Sun, 22 Nov 2026 10:00:09 GMT', now), 9_000);
  assert.equal(parseRetryAfter('Sun, 22 Nov 2026 09:00:00 GMT', now), 0);
  for (const nonsense of [null, '', 'soon', '-1', '3.5', '1e9', '99999999999999']) {
    assert.equal(parseRetryAfter(nonsense, now), undefined, String(nonsense));
  }
});
