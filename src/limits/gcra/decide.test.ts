import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Bucket, countOwedTicks, toBucket } from './debt.ts';
import { type Charge, type Decision, decide, decideRefusal, type LimitState } from './decide.ts';
import { createLimit, type PolicyRate } from './limit.ts';

const startUs = 1_700_000_000_000_000;

/** Decides over buckets at a given time, as a store does; `tats` is what it would keep. */
function decideAt(tats: readonly (Bucket | undefined)[], charges: readonly Charge[], nowUs: number) {
  const owedTicks = charges.map(({ limit }, index) => countOwedTicks(limit, tats[index], nowUs));
  const decision = decide(owedTicks, charges);
  if (!decision.allowed) return decision;
  const left = charges.map(({ limit }, index) => toBucket(limit, decision.owedTicks[index] ?? 0, nowUs));
  return { ...decision, tats: left };
}

/** One bucket under one limit, with a clock the test advances. */
function openBucket(rate: PolicyRate, nowUs = startUs) {
  const limit = createLimit('analytics', rate);
  let tat: Bucket | undefined;
  let now = nowUs;
  return {
    wait(us: number) {
      now += us;
    },
    spend(cost: number) {
      const decision = decideAt([tat], [{ limit, cost }], now);
      if (decision.allowed) tat = decision.tats[0];
      return decision;
    },
    tryCharge: (cost: number) => decideAt([tat], [{ limit, cost }], now).allowed,
    remaining: () => firstState(decideAt([tat], [{ limit, cost: 0 }], now)).remaining,
  };
}

function firstState(decision: Decision): LimitState {
  const state = 'states' in decision ? decision.states[0] : undefined;
  assert.ok(state);
  return state;
}

function getDenial(decision: Decision) {
  assert.ok(!decision.allowed && !decision.impossible);
  return decision;
}

describe('how many are allowed', () => {
  test('allows exactly the burst after a long pause', () => {
    const bucket = openBucket({ rate: 10, burst: 60 });
    bucket.wait(86_400_000_000);
    const passed = Array.from({ length: 180 }, () => bucket.spend(1)).filter(({ allowed }) => allowed);
    assert.equal(passed.length, 60);
  });

  test('gives nothing extra at a second or minute boundary', () => {
    const bucket = openBucket({ rate: 10, burst: 60 }, 59_999_999);
    for (let call = 0; call < 60; call += 1) assert.ok(bucket.spend(1).allowed);
    bucket.wait(2);
    assert.ok(!bucket.spend(1).allowed);
    bucket.wait(99_997);
    assert.ok(!bucket.spend(1).allowed, 'one microsecond before the next unit');
    bucket.wait(1);
    assert.ok(bucket.spend(1).allowed, 'at the very microsecond');
    assert.ok(!bucket.spend(1).allowed);
  });

  test('allows rate times time plus burst, to the unit, at twice the rate for a minute', () => {
    const bucket = openBucket({ rate: 10, burst: 60 });
    let passed = 0;
    for (let call = 0; call < 1200; call += 1) {
      if (bucket.spend(1).allowed) passed += 1;
      bucket.wait(50_000);
    }
    assert.equal(passed, 60 + 599, '1,199 intervals of 50 ms refill 599 whole units before the last call');
  });

  test('allows batches of 60 and 40 out of 100, and denies a second 60 in between', () => {
    const bucket = openBucket({ rate: 1, burst: 100 });
    assert.deepEqual(
      [60, 60, 40].map((cost) => bucket.spend(cost).allowed),
      [true, false, true],
    );
    assert.equal(bucket.remaining(), 0);
  });

  test('allows cost 0 on an empty bucket and charges nothing', () => {
    const bucket = openBucket({ rate: 0.5, burst: 5 });
    bucket.spend(5);
    const decision = bucket.spend(0);
    assert.ok(decision.allowed);
    assert.equal(firstState(decision).resetSeconds, 2, 'the wait for one unit: for nothing there is none');
    bucket.wait(2_000_000);
    assert.equal(bucket.remaining(), 1);
  });

  test('names a time in which what remains refills, so that spending it over that time does not exceed the rate', () => {
    const bucket = openBucket({ rate: 10, burst: 60 });
    for (const [cost, remaining, resetSeconds] of [
      [1, 59, 6],
      [8, 51, 6],
      [1, 50, 5],
      [39, 11, 3],
      [1, 10, 1],
      [10, 0, 1],
    ] as const) {
      const decision = bucket.spend(cost);
      assert.ok(decision.allowed);
      assert.equal(firstState(decision).remaining, remaining);
      assert.equal(firstState(decision).resetSeconds, resetSeconds, `${remaining}`);
    }
  });

  test('allows a cost equal to the burst once, and again after the full burst time', () => {
    const bucket = openBucket({ rate: 10, burst: 50 });
    assert.ok(bucket.spend(50).allowed);
    bucket.wait(4_999_999);
    assert.ok(!bucket.spend(50).allowed);
    bucket.wait(1);
    assert.ok(bucket.spend(50).allowed);
  });

  test('gives one burst and no more after a pause of ten minutes', () => {
    const bucket = openBucket({ rate: 10, burst: 60 });
    bucket.spend(60);
    bucket.wait(600_000_000);
    assert.equal(bucket.remaining(), 60);
    assert.ok(bucket.spend(60).allowed);
    assert.ok(!bucket.spend(1).allowed);
  });

  test('a refund returns what was spent, and never more than the burst', () => {
    const bucket = openBucket({ rate: 1, burst: 10 });
    bucket.spend(7);
    bucket.spend(-3);
    assert.equal(bucket.remaining(), 6);
    bucket.spend(-Number.MAX_SAFE_INTEGER);
    assert.equal(bucket.remaining(), 10);
  });

  test('rejects a cost that is not a whole number as a programming error instead of allowing it for free', () => {
    const bucket = openBucket({ rate: 1, burst: 10 });
    for (const cost of [Number.NaN, 0.5, Number.POSITIVE_INFINITY])
      assert.throws(() => bucket.spend(cost), RangeError);
  });
});

describe('the reported wait', () => {
  test('the reported wait is always enough, for 500 denials of any cost; 1.1 s less is not when it is 2 s or more', () => {
    let denials = 0;
    for (let call = 0; denials < 500; call += 1) {
      const rate = [0.7, 3, 7, 10, 1000][call % 5] ?? 1;
      const cost = 1 + ((call * 17) % 40);
      const bucket = openBucket({ rate, burst: 40 });
      bucket.spend(40);
      bucket.wait((call * 7919) % 900_000);
      const decision = bucket.spend(cost);
      if (decision.allowed) continue;
      denials += 1;
      const { retryAfterMs } = getDenial(decision);
      const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
      bucket.wait(retryAfterMs * 1000 + 1000);
      assert.ok(bucket.tryCharge(cost), 'the exact wait and 1 ms');
      bucket.wait(seconds * 1_000_000 - retryAfterMs * 1000 - 1000);
      assert.ok(bucket.tryCharge(cost), 'the whole seconds');
      bucket.wait(-1_100_000);
      if (seconds >= 2) assert.ok(!bucket.tryCharge(cost), '1.1 s too early');
    }
  });

  test('the reported wait is a whole number of milliseconds, at least 1, even one microsecond early', () => {
    const bucket = openBucket({ rate: 3, burst: 1 });
    bucket.spend(1);
    bucket.wait(333_333);
    assert.equal(getDenial(bucket.spend(1)).retryAfterMs, 1);
    bucket.wait(1);
    assert.ok(bucket.spend(1).allowed);
  });

  test('the reported wait is for the cost of this batch: a smaller one may be allowed earlier', () => {
    const bucket = openBucket({ rate: 10, burst: 100 });
    bucket.spend(100);
    assert.equal(getDenial(bucket.spend(80)).retryAfterMs, 8000);
    assert.equal(getDenial(bucket.spend(5)).retryAfterMs, 500);
    bucket.wait(500_000);
    assert.ok(bucket.spend(5).allowed);
  });

  test('a denied call changes nothing, however often it is repeated', () => {
    const bucket = openBucket({ rate: 1, burst: 5 });
    bucket.spend(5);
    for (let call = 0; call < 1000; call += 1) assert.equal(getDenial(bucket.spend(2)).retryAfterMs, 2000);
  });

  test('a cost above the burst is impossible, with no wait and nothing spent; one unit less is possible', () => {
    const bucket = openBucket({ rate: 1, burst: 100 });
    assert.deepEqual(bucket.spend(101), {
      allowed: false,
      impossible: true,
      policy: 'analytics',
      cost: 101,
      burst: 100,
    });
    assert.ok(bucket.spend(100).allowed);
  });
});

describe('several limits on one request', () => {
  const requests = createLimit('events-requests', { rate: 1, burst: 3 });
  const events = createLimit('events', { rate: 10, burst: 100 });
  const charge = (cost: number): Charge[] => [
    { limit: events, cost },
    { limit: requests, cost: 1 },
  ];

  test('a request with several limits spends nothing when one denies, and the denial names it', () => {
    const first = decideAt([], charge(90), startUs);
    assert.ok(first.allowed);
    const denial = getDenial(decideAt(first.tats, charge(90), startUs));
    assert.equal(denial.policy, 'events');
    assert.equal(denial.retryAfterMs, 8000);
    assert.deepEqual(
      denial.states.map(({ remaining }) => remaining),
      [10, 2],
    );
  });

  test('a request with several limits reports the longest wait when several deny, so that waiting once is enough', () => {
    let tats: readonly Bucket[] = [];
    for (const cost of [90, 5, 5]) {
      const decision = decideAt(tats, charge(cost), startUs);
      assert.ok(decision.allowed);
      tats = decision.tats;
    }
    assert.deepEqual(
      [5, 50].map((cost) => getDenial(decideAt(tats, charge(cost), startUs)).policy),
      ['events-requests', 'events'],
    );
    const { retryAfterMs } = getDenial(decideAt(tats, charge(50), startUs));
    assert.ok(decideAt(tats, charge(50), startUs + retryAfterMs * 1000).allowed);
    assert.ok(!decideAt(tats, charge(50), startUs + retryAfterMs * 1000 - 1).allowed);
  });

  test('an impossible cost takes precedence over a denial, because no wait would help', () => {
    const decision = decideAt([], [{ limit: requests, cost: 3 }], startUs);
    assert.ok(decision.allowed);
    const [spent] = decision.tats;
    const both = decideAt([undefined, spent], charge(101), startUs);
    assert.ok(!both.allowed && both.impossible);
  });
});

describe('a changed limit, or a clock that steps back', () => {
  test('a lowered burst locks callers out no longer than its own burst time', () => {
    const before = createLimit('analytics', { rate: 1, burst: 1000 });
    const after = createLimit('analytics', { rate: 3, burst: 6 });
    const spent = decideAt([], [{ limit: before, cost: 1000 }], startUs);
    assert.ok(spent.allowed);
    const denial = getDenial(decideAt(spent.tats, [{ limit: after, cost: 6 }], startUs));
    assert.equal(denial.retryAfterMs, 2000);
    assert.equal(firstState(denial).remaining, 0, 'never negative');
  });

  test('a changed rate keeps the debt in units, to the microsecond', () => {
    // One unit at 0.654321 per second takes 1,528,301 µs and 561,379/654,321 of one, which counts as a whole one.
    const before = createLimit('analytics', { rate: 0.654321, burst: 1000 });
    const after = createLimit('analytics', { rate: 1, burst: 1000 });
    const spent = decideAt([], [{ limit: before, cost: 1 }], startUs);
    assert.ok(spent.allowed);
    assert.equal(countOwedTicks(after, spent.tats[0], startUs), 1_000_001);
  });

  test('a raised rate does not refund what was spent', () => {
    const before = createLimit('analytics', { rate: 10, burst: 60 });
    const after = createLimit('analytics', { rate: 20, burst: 60 });
    const spent = decideAt([], [{ limit: before, cost: 60 }], startUs);
    assert.ok(spent.allowed);
    assert.ok(!decideAt(spent.tats, [{ limit: after, cost: 1 }], startUs).allowed);
  });

  test('a clock set back one hour locks callers out for at most one burst time', () => {
    const limit = createLimit('analytics', { rate: 10, burst: 60 });
    const spent = decideAt([], [{ limit, cost: 1 }], startUs);
    assert.ok(spent.allowed);
    const denial = getDenial(decideAt(spent.tats, [{ limit, cost: 60 }], startUs - 3_600_000_000));
    assert.equal(denial.retryAfterMs, 6000);
  });
});

test('a refused request takes what is left and is never denied', () => {
  const limit = createLimit('analytics', { rate: 1, burst: 2 });
  let owedTicks: readonly number[] = [];
  for (const remaining of [1, 0, 0]) {
    const decision = decideRefusal(owedTicks, [{ limit, cost: 1 }]);
    assert.equal(firstState(decision).remaining, remaining);
    owedTicks = decision.owedTicks;
  }
  assert.equal(getDenial(decide(owedTicks, [{ limit, cost: 1 }])).retryAfterMs, 1000, 'no debt piles up');
});
