import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { makeManualClock } from '../../../test/client/scripted-server.ts';
import { AppflowError } from '../api/errors.ts';
import type { Outcome } from '../http/transport.ts';
import { createAdaptiveBackoff } from './adaptive-backoff.ts';
import type { RateLimitGate } from './gate.ts';
import { createGate } from './rate-limit-gate.ts';

/** Callers that share one limit, with one gate per process; `rtt` is the round-trip time in milliseconds. */
type Load = { callers: number; each: number; rate: number; rtt: number; processes?: number };

/** An exact rate limiter that reports whole seconds, like our server, and optionally `RateLimit`; its rate can change. */
function createLimit(rate: number, sendsRateLimit: boolean, nowMs: () => number) {
  const limit = { rate, sent: 0, accepted: 0 };
  let tokens = rate;
  let countedAtMs = 0;
  function respond(): Outcome<true> {
    limit.sent += 1;
    tokens = Math.min(limit.rate, tokens + ((nowMs() - countedAtMs) * limit.rate) / 1_000);
    countedAtMs = nowMs();
    if (tokens < 1 - 1e-9) {
      const error = new AppflowError('', { code: 'rate_limited', status: 429, retryAfterMs: 1_000 });
      return { ok: false, retry: 'limited', error };
    }
    tokens -= 1;
    limit.accepted += 1;
    return {
      ok: true,
      value: true,
      remaining: sendsRateLimit ? { requests: Math.floor(tokens), resetMs: 1_000 } : undefined,
    };
  }
  return Object.assign(limit, { respond });
}

/** Returns the requests sent per accepted one, and the duration relative to the optimum. */
async function measure(
  { callers, each, rate, rtt, processes = 1 }: Load,
  sendsRateLimit: boolean,
  raisedTo = rate,
) {
  const clock = makeManualClock();
  const limit = createLimit(rate, sendsRateLimit, clock.monotonicMs);
  const travel = () => new Promise<void>((resolve) => void clock.setTimeout(resolve, rtt / 2));
  const attempt = async () => {
    await travel();
    const outcome = limit.respond();
    await travel();
    return outcome;
  };
  const jobs = callers * each * processes;
  const gates = Array.from({ length: processes }, () =>
    createGate(clock, () => 0.5, createAdaptiveBackoff()),
  );
  let working = callers * processes;
  const work = async (gate: RateLimitGate) => {
    for (let n = 0; n < each; n += 1) await gate.run(attempt);
    working -= 1;
  };
  const all = Promise.all(gates.flatMap((gate) => Array.from({ length: callers }, () => work(gate))));
  while (working > 0) {
    if (limit.accepted > jobs / 2) limit.rate = raisedTo;
    await setImmediate();
    clock.fireNext();
  }
  await all;
  const share = raisedTo === rate ? 0 : 0.5;
  const bestMs = ((jobs * (1 - share) - rate) / rate + (jobs * share) / raisedTo) * 1_000;
  return { ratio: limit.sent / limit.accepted, slowness: clock.monotonicMs() / bestMs };
}

describe('throughput at a limit', () => {
  const loads: Load[] = [
    { callers: 30, each: 8, rate: 20, rtt: 0 },
    { callers: 30, each: 8, rate: 20, rtt: 20 },
    { callers: 50, each: 8, rate: 10, rtt: 0 },
    { callers: 50, each: 8, rate: 10, rtt: 50 },
    { callers: 30, each: 80, rate: 100, rtt: 5 },
    { callers: 20, each: 8, rate: 2, rtt: 10 },
  ];
  for (const sendsRateLimit of [true, false]) {
    for (const load of loads) {
      const { callers, each, rate, rtt } = load;
      const name = `${callers} callers × ${each} at ${rate}/s, ${rtt} ms away, ${sendsRateLimit ? 'with' : 'without'} RateLimit`;
      it(`${name}: at most 1.2 requests per accepted one, at most 11 % slower than the optimum`, async () => {
        const { ratio, slowness } = await measure(load, sendsRateLimit);
        assert.ok(ratio <= 1.2, `${ratio} requests per accepted one`);
        assert.ok(slowness <= 1.11, `${slowness} times the optimum`);
      });
    }

    it(`four processes that share a limit converge on their shares, ${sendsRateLimit ? 'with' : 'without'} RateLimit`, async () => {
      const load = { callers: 10, each: 8, rate: 20, rtt: 10, processes: 4 };
      const { ratio, slowness } = await measure(load, sendsRateLimit);
      // The first 40 of 320 requests, an eighth, are sent before anything is known.
      assert.ok(ratio <= 1.3, `${ratio} requests per accepted one`);
      assert.ok(slowness <= 1.2, `${slowness} times the optimum`);
    });
  }

  it('detects a limit that is raised, without RateLimit', async () => {
    const { ratio, slowness } = await measure({ callers: 30, each: 40, rate: 10, rtt: 5 }, false, 40);
    assert.ok(ratio <= 1.2, `${ratio} requests per accepted one`);
    assert.ok(slowness <= 1.25, `${slowness} times the optimum`);
  });
});

describe('the pause between two requests', () => {
  it('is the time between two rejections divided by the responses between them', () => {
    const first = createAdaptiveBackoff().afterRejection(1_000, 1_000);
    assert.equal(first.pauseMs, 0, 'unknown after one rejection');
    const afterResponses = Array.from({ length: 20 }).reduce<typeof first>(
      (backoff) => backoff.afterResponse(),
      first,
    );
    assert.equal(afterResponses.pauseMs, 0);
    assert.equal(afterResponses.afterRejection(3_000, 1_000).pauseMs, 100);
  });

  it('is capped at Retry-After, and zero without it', () => {
    const backoff = createAdaptiveBackoff().afterRejection(0, 2_000).afterResponse();
    assert.equal(backoff.afterRejection(1_999, 2_000).pauseMs, 1_999);
    assert.equal(backoff.afterRejection(60_000, 2_000).pauseMs, 2_000);
    assert.equal(backoff.afterRejection(60_000).pauseMs, 0);
  });

  it('stays the same over rejections without a response between them, and shrinks with responses, faster with remaining quota', () => {
    const backoff = createAdaptiveBackoff()
      .afterRejection(0, 1_000)
      .afterResponse()
      .afterRejection(500, 1_000);
    assert.equal(backoff.afterRejection(700, 1_000).pauseMs, 500);
    assert.ok(backoff.afterResponse().pauseMs < 500 && backoff.afterResponse().pauseMs > 495);
    assert.ok(backoff.afterResponse(10).pauseMs < 400);
  });
});
