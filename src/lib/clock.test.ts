import assert from 'node:assert/strict';
import { it } from 'node:test';
import { systemClock } from './clock.ts';
import { HOUR_MS } from './durations.ts';

/** Returns a clock with sources that the test sets. */
function makeSources(wallMs: number) {
  const at = { wallMs, monotonicMs: 10 };
  return { at, clock: systemClock({ wallMs: () => at.wallMs, monotonicMs: () => at.monotonicMs }) };
}

it('never goes back, so that an expired key stays expired when the machine clock is set back', () => {
  const { at, clock } = makeSources(1_000);
  const readings = [1_000, 2_000, 500, 1_999, 2_000, 2_001].map((instant) => {
    at.wallMs = instant;
    return clock.now();
  });
  assert.deepEqual(readings, [1_000, 2_000, 2_000, 2_000, 2_000, 2_001]);
});

it('keeps counting after the machine was an hour ahead by mistake and was corrected', () => {
  const { at, clock } = makeSources(HOUR_MS);
  assert.equal(clock.now(), HOUR_MS);
  at.wallMs = 2 * HOUR_MS;
  assert.equal(clock.now(), 2 * HOUR_MS);
  at.wallMs = HOUR_MS;
  const readings = [1, 2, 60_000].map((passedMs) => {
    at.wallMs += passedMs;
    at.monotonicMs += passedMs;
    return clock.now() - 2 * HOUR_MS;
  });
  assert.deepEqual(readings, [1, 3, 60_003]);
});

it('counts fractions of a millisecond while the wall clock is behind', () => {
  const { at, clock } = makeSources(2_000);
  clock.now();
  at.wallMs = 1_000;
  for (let step = 0; step < 40; step += 1) {
    at.monotonicMs += 0.25;
    clock.now();
  }
  assert.equal(clock.now(), 2_010);
});

it('follows the wall clock again as soon as it has caught up', () => {
  const { at, clock } = makeSources(2_000);
  clock.now();
  at.wallMs = 1_990;
  at.monotonicMs += 3;
  assert.equal(clock.now(), 2_003);
  at.wallMs = 2_004;
  at.monotonicMs += 500;
  assert.equal(clock.now(), 2_004);
});

it('reads the machine clock when no sources are given', () => {
  const before = Date.now();
  const now = systemClock().now();
  assert.ok(now >= before && now <= Date.now());
});

it('starts at a given instant if that is later, and goes on from there', () => {
  const { at, clock } = makeSources(1_000);
  clock.startAt(500);
  assert.equal(clock.now(), 1_000);
  clock.startAt(5_000);
  at.monotonicMs += 7;
  at.wallMs += 7;
  assert.equal(clock.now(), 5_007);
  assert.equal(clock.aheadMs(), 4_000);
  at.wallMs = 6_000;
  assert.equal(clock.now(), 6_000);
  assert.equal(clock.aheadMs(), 0);
});
