import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { makeManualClock } from '../../../test/scripted-server.ts';
import { AppflowError } from '../api/errors.ts';
import type { Outcome } from '../http/transport.ts';
import { createAdaptiveBackoff } from './adaptive-backoff.ts';
import { createGate, type RateLimitGate } from './rate-limit-gate.ts';

/** Callers of one limit, with a gate for each process; `rtt` is how long an answer takes, in milliseconds. */
type Load = { callers: number; each: number; rate: number; rtt: number; processes?: number };

/** A server that is exact, tells whole seconds as ours does, and `RateLimit` or not; its rate may change. */
function makeLimit(rate: number, tells: boolean, nowMs: () => number) {
  const limit = { rate, sent: 0, accepted: 0 };
  let tokens = rate;
  let countedAtMs = 0;
  function answer(): Outcome<true> {
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
      remaining: tells ? { requests: Math.floor(tokens), resetMs: 1_000 } : undefined,
    };
  }
  return Object.assign(limit, { answer });
}

/** Returns how many were sent for each accepted one, and how long it took beside the best possible. */
async function measure({ callers, each, rate, rtt, processes = 1 }: Load, tells: boolean, raisedTo = rate) {
  const clock = makeManualClock();
  const limit = makeLimit(rate, tells, clock.monotonicMs);
  const wait = () => new Promise<void>((resolve) => void clock.setTimeout(resolve, rtt / 2));
  const attempt = async () => {
    await wait();
    const outcome = limit.answer();
    await wait();
    return outcome;
  };
  const jobs = callers * each * processes;
  const gates = Array.from({ length: processes }, () =>
    createGate(clock, () => 0.5, createAdaptiveBackoff()),
  );
  let atWork = callers * processes;
  const work = async (gate: RateLimitGate) => {
    for (let n = 0; n < each; n += 1) await gate.run(attempt);
    atWork -= 1;
  };
  const all = Promise.all(gates.flatMap((gate) => Array.from({ length: callers }, () => work(gate))));
  while (atWork > 0) {
    if (limit.accepted > jobs / 2) limit.rate = raisedTo;
    await setImmediate();
    clock.fireNext();
  }
  await all;
  const share = raisedTo === rate ? 0 : 0.5;
  const bestMs = ((jobs * (1 - share) - rate) / rate + (jobs * share) / raisedTo) * 1_000;
  return { ratio: limit.sent / limit.accepted, slowness: clock.monotonicMs() / bestMs };
}

describe('how a limit is used up', () => {
  const loads: Load[] = [
    { callers: 30, each: 8, rate: 20, rtt: 0 },
    { callers: 30, each: 8, rate: 20, rtt: 20 },
    { callers: 50, each: 8, rate: 10, rtt: 0 },
    { callers: 50, each: 8, rate: 10, rtt: 50 },
    { callers: 30, each: 80, rate: 100, rtt: 5 },
    { callers: 20, each: 8, rate: 2, rtt: 10 },
  ];
  for (const tells of [true, false]) {
    for (const load of loads) {
      const { callers, each, rate, rtt } = load;
      const name = `${callers} callers × ${each} at ${rate}/s, ${rtt} ms away, ${tells ? 'with' : 'without'} RateLimit`;
      it(`${name}: at most 1.2 sends an accepted one, at most 11 % later than possible`, async () => {
        const { ratio, slowness } = await measure(load, tells);
        assert.ok(ratio <= 1.2, `${ratio} sends`);
        assert.ok(slowness <= 1.11, `${slowness} of the best time`);
      });
    }

    it(`four processes that share a limit find their shares, ${tells ? 'with' : 'without'} RateLimit`, async () => {
      const load = { callers: 10, each: 8, rate: 20, rtt: 10, processes: 4 };
      const { ratio, slowness } = await measure(load, tells);
      // A quarter of the first forty are half of those: an eighth is spent before anything is known.
      assert.ok(ratio <= 1.3, `${ratio} sends`);
      assert.ok(slowness <= 1.2, `${slowness} of the best time`);
    });
  }

  it('a limit that is raised meanwhile is found, without RateLimit', async () => {
    const { ratio, slowness } = await measure({ callers: 30, each: 40, rate: 10, rtt: 5 }, false, 40);
    assert.ok(ratio <= 1.2, `${ratio} sends`);
    assert.ok(slowness <= 1.25, `${slowness} of the best time`);
  });
});

describe('the pace of a drain', () => {
  it('is the time between two refusals over the answers between them', () => {
    const once = createAdaptiveBackoff().afterRejection(1_000, 1_000);
    assert.equal(once.pauseMs, 0, 'one refusal tells nothing');
    const answered = Array.from({ length: 20 }).reduce<typeof once>((pace) => pace.afterResponse(), once);
    assert.equal(answered.pauseMs, 0);
    assert.equal(answered.afterRejection(3_000, 1_000).pauseMs, 100);
  });

  it('is never longer than the server calls long enough, and none when it does not say', () => {
    const pace = createAdaptiveBackoff().afterRejection(0, 2_000).afterResponse();
    assert.equal(pace.afterRejection(1_999, 2_000).pauseMs, 1_999);
    assert.equal(pace.afterRejection(60_000, 2_000).pauseMs, 2_000);
    assert.equal(pace.afterRejection(60_000).pauseMs, 0);
  });

  it('stays over refusals without an answer between them, and grows with answers, more so with room', () => {
    const pace = createAdaptiveBackoff().afterRejection(0, 1_000).afterResponse().afterRejection(500, 1_000);
    assert.equal(pace.afterRejection(700, 1_000).pauseMs, 500);
    assert.ok(pace.afterResponse().pauseMs < 500 && pace.afterResponse().pauseMs > 495);
    assert.ok(pace.afterResponse(10).pauseMs < 400);
  });
});
