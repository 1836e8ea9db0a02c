import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createBodyPace, SLOW_BODY_BYTES_MAX, SLOW_UNVERIFIED_BYTES_MAX } from './pace.ts';

const SWEEP_MS = 5_000;
const MEGABYTE = 1_000_000;

/** Watches a body that has received `receivedAt(ms)` bytes; returns when it is found too slow, within two minutes. */
function findSlowMs(
  receivedAt: (ms: number) => number,
  bytesExpected?: number,
  {
    slowBytesMax = SLOW_BODY_BYTES_MAX,
    isCrowdedAt = (_ms: number) => false,
  }: { slowBytesMax?: number; isCrowdedAt?: (ms: number) => boolean } = {},
): number | undefined {
  let sweep = () => {};
  const pace = createBodyPace((task) => {
    sweep = task;
    return () => {};
  });
  let nowMs = 0;
  let slowMs: number | undefined;
  pace.watch({
    bytesReceived: () => Math.min(receivedAt(nowMs), (bytesExpected ?? Number.POSITIVE_INFINITY) - 1),
    bytesExpected,
    slowBytesMax,
    isCrowded: () => isCrowdedAt(nowMs),
    onSlow: () => {
      slowMs = nowMs;
    },
  });
  while (nowMs < 120_000) {
    nowMs += SWEEP_MS;
    sweep();
  }
  assert.equal(pace.countSlow(), slowMs === undefined ? 0 : 1);
  return slowMs;
}

describe('the pace of a body', () => {
  it('accepts a phone that sends 100 KB in 20 s', () => {
    const slowMs = findSlowMs((ms) => 5 * ms, 100_000);
    assert.ok(slowMs === undefined || slowMs > 20_000);
  });

  it('accepts every steady body that is complete within 60 s', () => {
    for (const bytes of [100_000, MEGABYTE, 5 * MEGABYTE]) {
      const slowMs = findSlowMs((ms) => (bytes * ms) / 60_000, bytes);
      assert.ok(slowMs === undefined || slowMs >= 60_000, `${bytes}: ${slowMs}`);
    }
  });

  it('ends one that would never be complete in 60 s long before', () => {
    assert.equal(
      findSlowMs((ms) => 5 * ms, 5 * MEGABYTE),
      20_000,
    );
  });

  it('ends one that stops, 20 s later, announced or in chunks', () => {
    assert.equal(
      findSlowMs(() => 90_000, 100_000),
      20_000,
    );
    assert.equal(
      findSlowMs(() => 4 * MEGABYTE),
      20_000,
    );
    assert.equal(
      findSlowMs((ms) => SLOW_BODY_BYTES_MAX + 1 + Math.floor(ms / 10_000)),
      20_000,
    );
  });

  it('accepts a small one in chunks at any pace, like an announced one of its size', () => {
    assert.equal(
      findSlowMs((ms) => Math.min(SLOW_BODY_BYTES_MAX, Math.floor(ms / 10))),
      undefined,
    );
  });

  it('ends one in chunks that is larger than its sender may send slowly, but not one of that size', () => {
    const stopAt = (bytes: number) =>
      findSlowMs(() => bytes, undefined, { slowBytesMax: SLOW_UNVERIFIED_BYTES_MAX });
    assert.equal(stopAt(SLOW_UNVERIFIED_BYTES_MAX), undefined);
    assert.equal(stopAt(SLOW_UNVERIFIED_BYTES_MAX + 1), 20_000);
  });

  it('ends one that pauses for a sweep where bodies are crowded, but not one that arrives', () => {
    const limits = { slowBytesMax: SLOW_UNVERIFIED_BYTES_MAX };
    const whileCrowded = (receivedAt: (ms: number) => number, bytesExpected?: number) =>
      findSlowMs(receivedAt, bytesExpected, { ...limits, isCrowdedAt: () => true });
    assert.equal(
      whileCrowded(() => 63_000),
      10_000,
    );
    assert.equal(
      whileCrowded(() => 63_000, 100_000),
      10_000,
    );
    assert.equal(
      whileCrowded(() => SLOW_UNVERIFIED_BYTES_MAX),
      undefined,
    );
    // 4,999 and 5,000 bytes in 10 s.
    assert.equal(
      whileCrowded((ms) => 63_000 + Math.floor(ms * 0.4999)),
      10_000,
    );
    assert.ok((whileCrowded((ms) => 63_000 + ms / 2) ?? 0) > 10_000);
    assert.equal(
      findSlowMs(() => 63_000, undefined, { ...limits, isCrowdedAt: (ms) => ms === 15_000 }),
      15_000,
    );
  });

  it('accepts a pause in a tunnel', () => {
    const received = (ms: number) => (ms < 10_000 ? 40_000 : 40_000 + 10 * Math.max(0, ms - 18_000));
    assert.ok((findSlowMs(received, 100_000) ?? 0) > 24_000);
  });

  it('sweeps only while a body is watched', () => {
    let sweeping = 0;
    const pace = createBodyPace(() => {
      sweeping += 1;
      return () => {
        sweeping -= 1;
      };
    });
    const body = {
      bytesReceived: () => 0,
      bytesExpected: undefined,
      slowBytesMax: 0,
      isCrowded: () => false,
      onSlow: () => {},
    };
    const stops = [pace.watch(body), pace.watch(body)];
    assert.equal(sweeping, 1);
    for (const stop of [...stops, ...stops]) stop();
    assert.equal(sweeping, 0);
  });
});
