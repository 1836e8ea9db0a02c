import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseList } from 'structured-headers';
import { makeInstantLimiter } from '../../test/support/instant-limiter.ts';
import type { Payer } from './plan.ts';
import type { LimitOverrides } from './policies.ts';
import type { DeniedVerdict, HeaderFields, LimitVerdict } from './verdict.ts';

const serverEvents: Payer = { keyId: 'key_1', callerType: 'server', category: 'events' };

function openLimiter(options: { overrides?: LimitOverrides; rateLimitHeaders?: boolean } = {}) {
  let now = 5_000_000;
  const limiter = makeInstantLimiter({ ...options, nowUs: () => now });
  return {
    limiter,
    wait(us: number) {
      now += us;
    },
  };
}

/** The parameters of each policy in a field, as a client reads them. */
function readField(headers: HeaderFields | undefined, name: string): Record<string, Record<string, number>> {
  const items = parseList(headers?.[name] ?? '');
  return Object.fromEntries(
    items.map(([policy, parameters]) => [
      String(policy),
      Object.fromEntries([...parameters].map(([key, value]) => [key, Number(value)])),
    ]),
  );
}

function getDenial(verdict: LimitVerdict): DeniedVerdict {
  assert.ok(!verdict.allowed && !verdict.impossible);
  return verdict;
}

function getHeaders(verdict: LimitVerdict): HeaderFields | undefined {
  assert.ok('headers' in verdict);
  return verdict.headers;
}

describe('what a request is charged', () => {
  test('a batch costs one request and its events, and the headers show both', () => {
    const { limiter } = openLimiter();
    const verdict = limiter.charge({ ...serverEvents, events: 250 });
    assert.deepEqual(verdict, {
      allowed: true,
      headers: {
        'RateLimit-Policy': '"events";q=50000;w=5, "events-requests";q=500;w=5',
        RateLimit: '"events";r=49750;t=5, "events-requests";r=499;t=5',
      },
    });
  });

  test('an empty batch costs one request and no events', () => {
    const { limiter } = openLimiter();
    const left = readField(getHeaders(limiter.charge({ ...serverEvents, events: 0 })), 'RateLimit');
    assert.deepEqual([left.events?.r, left['events-requests']?.r], [50_000, 499]);
  });

  test('denied events are not spent, but their request is', () => {
    const { limiter } = openLimiter({ overrides: { events: { rate: 1000, burst: 1000 } } });
    limiter.charge({ ...serverEvents, events: 400 });
    const denial = getDenial(limiter.charge({ ...serverEvents, events: 700 }));
    assert.deepEqual([denial.policy, denial.category, denial.retryAfterMs], ['events', 'events', 100]);
    const { events, 'events-requests': requests } = readField(denial.headers, 'RateLimit');
    assert.deepEqual([events?.r, requests?.r], [600, 498]);
    assert.ok(limiter.charge({ ...serverEvents, events: 600 }).allowed);
  });

  test('a peek denies when no request is left, and never spends anything', () => {
    const { limiter } = openLimiter({ overrides: { 'events-requests': { rate: 1, burst: 2 } } });
    for (let call = 0; call < 10; call += 1) assert.ok(limiter.peek(serverEvents).allowed);
    limiter.charge({ ...serverEvents, events: 5 });
    limiter.charge({ ...serverEvents, events: 5 });
    const denial = getDenial(limiter.peek(serverEvents));
    assert.equal(denial.policy, 'events-requests');
    assert.equal(readField(denial.headers, 'RateLimit').events?.r, 49_990, 'the names stay on every answer');
  });

  test('a refused request is charged once and never denied, so a flood of refusals runs into the limit', () => {
    const { limiter } = openLimiter({ overrides: { analytics: { rate: 1, burst: 2 } } });
    const request: Payer = { ...serverEvents, category: 'analytics' };
    const left = [1, 2, 3].map(() => limiter.chargeRefusal(request));
    assert.deepEqual(
      left.map(({ headers }) => headers?.RateLimit),
      ['"analytics";r=1;t=1', '"analytics";r=0;t=1', '"analytics";r=0;t=1'],
    );
    assert.equal(getDenial(limiter.peek(request)).retryAfterSeconds, 1);
  });

  test('a batch above the burst is impossible: no wait, and nothing spent', () => {
    const { limiter } = openLimiter({ overrides: { events: { rate: 1, burst: 1000 } } });
    const verdict = limiter.charge({ ...serverEvents, events: 1001 });
    assert.deepEqual(verdict, {
      allowed: false,
      impossible: true,
      policy: 'events',
      category: 'events',
      cost: 1001,
      burst: 1000,
    });
    assert.ok(limiter.charge({ ...serverEvents, events: 1000 }).allowed);
  });

  test('categories and keys never share a bucket', () => {
    const { limiter } = openLimiter();
    const analytics: Payer = { ...serverEvents, category: 'analytics' };
    for (let call = 0; call < 60; call += 1) assert.ok(limiter.charge(analytics).allowed);
    assert.ok(!limiter.charge(analytics).allowed);
    assert.ok(limiter.charge({ ...analytics, category: 'management' }).allowed);
    assert.ok(limiter.charge({ ...analytics, keyId: 'key_2' }).allowed);
  });
});

describe('which limits apply', () => {
  test('a client key has the wide defaults; server and read-only keys have the narrow ones', () => {
    const { limiter } = openLimiter();
    const read = (callerType: Payer['callerType']) =>
      readField(
        getHeaders(limiter.charge({ keyId: callerType, callerType, category: 'events' })),
        'RateLimit-Policy',
      );
    assert.deepEqual(read('client'), {
      events: { q: 200_000, w: 4 },
      'events-requests': { q: 10_000, w: 5 },
      'events-ip': { q: 10_000, w: 10 },
      'events-ip-requests': { q: 500, w: 10 },
    });
    assert.deepEqual(read('server'), { events: { q: 50_000, w: 5 }, 'events-requests': { q: 500, w: 5 } });
    assert.deepEqual(read('read_only'), read('server'));
  });

  test('an installation override applies to every key type', () => {
    const { limiter } = openLimiter({
      overrides: {
        events: { rate: 5, burst: 1000 },
        'events-requests': 'off',
        'events-ip': 'off',
        'events-ip-requests': 'off',
      },
    });
    for (const callerType of ['server', 'client', 'read_only'] as const) {
      const headers = getHeaders(
        limiter.charge({ keyId: callerType, callerType, category: 'events', events: 1 }),
      );
      assert.deepEqual(readField(headers, 'RateLimit-Policy'), { events: { q: 1000, w: 200 } });
    }
  });

  test('a category with all its policies off has no headers and no bucket, and is always allowed', () => {
    const { limiter } = openLimiter({
      overrides: { analytics: 'off', events: 'off', 'events-requests': 'off' },
    });
    for (const category of ['analytics', 'events'] as const) {
      const request = { ...serverEvents, category, events: 10_000_000 };
      for (const verdict of [
        limiter.peek(request),
        limiter.charge(request),
        limiter.chargeRefusal(request),
      ]) {
        assert.deepEqual(verdict, { allowed: true, headers: undefined });
      }
    }
    assert.equal(limiter.countBuckets(), 0);
  });
});

describe('the response headers', () => {
  test('only Retry-After remains when the fields are turned off', () => {
    const { limiter } = openLimiter({
      overrides: { analytics: { rate: 0.5, burst: 1 } },
      rateLimitHeaders: false,
    });
    const request: Payer = { ...serverEvents, category: 'analytics' };
    assert.deepEqual(limiter.charge(request), { allowed: true, headers: undefined });
    const denial = getDenial(limiter.charge(request));
    assert.deepEqual(denial.headers, { 'Retry-After': '2' });
    assert.deepEqual([denial.retryAfterSeconds, denial.retryAfterMs], [2, 2000]);
  });

  test('header, body and t agree: t never exceeds Retry-After, and equals it for the policy that denied', () => {
    const { limiter, wait } = openLimiter();
    for (let call = 0; call < 50; call += 1) limiter.charge({ ...serverEvents, events: 1000 });
    wait(7);
    const denial = getDenial(limiter.charge({ ...serverEvents, events: 20_000 }));
    assert.deepEqual(
      [denial.retryAfterMs, denial.retryAfterSeconds, denial.headers['Retry-After']],
      [2000, 2, '2'],
    );
    const states = readField(denial.headers, 'RateLimit');
    assert.equal(states.events?.t, 2);
    assert.ok((states['events-requests']?.t ?? 9) <= 2);
  });

  test('r stays between 0 and q, drops by exactly the cost while the clock is stopped, and what it shows is never denied', () => {
    const cost = fc.integer({ min: 0, max: 400 });
    fc.assert(
      fc.property(fc.array(cost, { minLength: 5, maxLength: 30 }), (costs) => {
        const { limiter } = openLimiter({ overrides: { events: { rate: 7, burst: 1000 } } });
        let left = 1000;
        for (const events of costs) {
          const verdict = limiter.charge({ ...serverEvents, events });
          const state = readField(getHeaders(verdict), 'RateLimit').events ?? {};
          assert.equal(verdict.allowed, events <= left, 'denied exactly when r was below the cost');
          if (verdict.allowed) left -= events;
          assert.equal(state.r, left);
          assert.ok(left >= 0 && left <= 1000);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('the time t points to moves by no more than a second until something is spent', () => {
    const { limiter, wait } = openLimiter({ overrides: { analytics: { rate: 0.25, burst: 10 } } });
    let elapsedMs = 0;
    let promisedMs = 0;
    for (let call = 0; call < 200; call += 1) {
      const verdict = limiter.charge({ ...serverEvents, category: 'analytics' });
      const seconds = readField(getHeaders(verdict), 'RateLimit').analytics?.t ?? 0;
      const pointedMs = elapsedMs + seconds * 1000;
      if (!verdict.allowed)
        assert.ok(Math.abs(pointedMs - promisedMs) <= 1000, `${promisedMs}, now ${pointedMs}`);
      promisedMs = pointedMs;
      wait(300_000);
      elapsedMs += 300;
    }
  });

  test('waiting for Retry-After once is enough, measured on the actual headers', () => {
    const { limiter, wait } = openLimiter();
    const request = { ...serverEvents, events: 777 };
    for (let denials = 0; denials < 100; ) {
      const verdict = limiter.charge(request);
      if (verdict.allowed) continue;
      denials += 1;
      assert.match(String(getDenial(verdict).headers['Retry-After']), /^[1-9]\d*$/);
      wait(Number(getDenial(verdict).headers['Retry-After']) * 1_000_000);
      assert.ok(limiter.charge(request).allowed);
    }
  });
});

describe('unknown keys', () => {
  test('the 21st failure of an address within a minute must wait, while another address need not', () => {
    const { limiter, wait } = openLimiter();
    for (let call = 0; call < 20; call += 1) {
      assert.equal(limiter.chargeFailedAuthentication('192.0.2.1'), undefined);
    }
    assert.equal(limiter.chargeFailedAuthentication('192.0.2.1'), 3);
    assert.equal(limiter.chargeFailedAuthentication('192.0.2.2'), undefined);
    wait(3_000_000);
    assert.equal(limiter.chargeFailedAuthentication('192.0.2.1'), undefined);
  });

  test('the limit on unknown keys can be turned off, and unknown keys never touch the bucket of a key', () => {
    const { limiter } = openLimiter({ overrides: { 'failed-auth': 'off' } });
    for (let call = 0; call < 100; call += 1) {
      assert.equal(limiter.chargeFailedAuthentication('key_1'), undefined);
    }
    assert.equal(limiter.countBuckets(), 0);
  });
});

describe('reports of leaked keys', () => {
  test('the 61st from an address within a minute must wait; unknown keys from there have a separate bucket', () => {
    const { limiter, wait } = openLimiter();
    for (let call = 0; call < 60; call += 1) assert.equal(limiter.chargeLeakReport('192.0.2.1'), undefined);
    assert.equal(limiter.chargeLeakReport('192.0.2.1'), 1);
    assert.equal(limiter.chargeLeakReport('192.0.2.2'), undefined);
    assert.equal(limiter.chargeFailedAuthentication('192.0.2.1'), undefined);
    wait(1_000_000);
    assert.equal(limiter.chargeLeakReport('192.0.2.1'), undefined);
    assert.deepEqual(limiter.decisions['leak-hook'], { allowed: 62, denied: 1, impossible: 0 });
  });
});
