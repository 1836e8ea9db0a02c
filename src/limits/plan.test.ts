import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeInstantLimiter } from '../../test/support/instant-limiter.ts';
import { forwardedNetwork } from '../lib/ip.ts';
import { createLimit } from './gcra/limit.ts';
import { createPlanner, type Payer } from './plan.ts';
import { shareRate } from './policies.ts';
import type { RateLimits } from './rate-limits.ts';

const phone = (network: string): Payer => ({
  keyId: 'key_app',
  callerType: 'client',
  category: 'events',
  network,
});

function openLimiter() {
  let nowUs = 0;
  const limiter = makeInstantLimiter({ nowUs: () => nowUs });
  const wait = (us: number) => {
    nowUs += us;
  };
  return { limiter, wait };
}

test('one device that floods a client key is held to its own limit, and 50 others are unaffected', () => {
  const { limiter } = openLimiter();
  let passed = 0;
  for (let call = 0; call < 2_000; call += 1) {
    if (limiter.charge({ ...phone('192.0.2.1'), events: 1 }).allowed) passed += 1;
  }
  assert.equal(passed, 500);
  for (let device = 0; device < 50; device += 1) {
    const own = phone(`198.51.100.${device}`);
    for (let call = 0; call < 10; call += 1) assert.ok(limiter.charge({ ...own, events: 10 }).allowed);
  }
});

test('refusals count per address too: a device that sends only refused requests must soon wait', () => {
  const { limiter } = openLimiter();
  const flooder = phone('192.0.2.1');
  for (let call = 0; call < 500; call += 1) {
    assert.ok(limiter.peek(flooder).allowed);
    limiter.chargeRefusal(flooder);
  }
  const denied = limiter.peek(flooder);
  assert.ok(!denied.allowed && !denied.impossible);
  assert.equal(denied.policy, 'events-ip-requests');
  assert.ok(limiter.peek(phone('192.0.2.2')).allowed);
});

test("an address's events are limited as well as its requests: 10,000 in a burst, the next must wait", () => {
  const { limiter } = openLimiter();
  for (let call = 0; call < 10; call += 1) {
    assert.ok(limiter.charge({ ...phone('192.0.2.1'), events: 1000 }).allowed);
  }
  const denied = limiter.charge({ ...phone('192.0.2.1'), events: 1 });
  assert.ok(!denied.allowed && !denied.impossible);
  assert.deepEqual([denied.policy, denied.retryAfterMs], ['events-ip', 1]);
});

test('a batch denied to one address costs the key nothing', () => {
  const { limiter } = openLimiter();
  for (let call = 0; call < 10; call += 1) limiter.charge({ ...phone('192.0.2.1'), events: 1000 });
  const before = limiter.charge({ ...phone('192.0.2.2'), events: 0 });
  for (let call = 0; call < 100; call += 1) limiter.charge({ ...phone('192.0.2.1'), events: 1000 });
  const after = limiter.charge({ ...phone('192.0.2.2'), events: 0 });
  assert.ok(before.allowed && after.allowed);
  assert.match(before.headers?.RateLimit ?? '', /^"events";r=190000;/);
  assert.match(after.headers?.RateLimit ?? '', /^"events";r=190000;/);
});

test('two keys at one address do not share its bucket', () => {
  const { limiter } = openLimiter();
  while (limiter.charge({ ...phone('192.0.2.1'), events: 0 }).allowed);
  assert.ok(limiter.charge({ ...phone('192.0.2.1'), keyId: 'key_other', events: 0 }).allowed);
});

test('the callers of an unconfigured proxy share a limit that is never below that of the key', () => {
  const { limiter } = openLimiter();
  const from = (network: string) => ({ ...phone(forwardedNetwork(network)), events: 1000 });
  // As large as the key's own, so the key is what limits them: thousands of phones behind one proxy.
  for (let call = 0; call < 200; call += 1) assert.ok(limiter.charge(from('10.0.0.1')).allowed);
  const denied = limiter.charge(from('10.0.0.1'));
  assert.ok(!denied.allowed && !denied.impossible);
  assert.equal(denied.policy, 'events');
  const { rate, burst } = shareRate({ rate: 1000, burst: 10_000 });
  assert.deepEqual([rate, burst], [50_000, 500_000]);
});

test('the callers of an unconfigured proxy share a limit where the key has none', () => {
  const overrides = { events: 'off', 'events-requests': 'off' } as const;
  const limiter = makeInstantLimiter({ nowUs: () => 0, overrides });
  const charge = (network: string) =>
    limiter.charge({ ...phone(forwardedNetwork(network)), events: 1000 }).allowed;
  for (let call = 0; call < 500; call += 1) assert.ok(charge('10.0.0.1'));
  assert.ok(!charge('10.0.0.1'));
  assert.ok(charge('10.0.0.2'), 'each proxy has its own');
});

test('a rate that cannot be multiplied is shared as it is', () => {
  const rate = { rate: 1_000_000_000, burst: 1_000_000 };
  assert.deepEqual(shareRate(rate), rate);
  assert.doesNotThrow(() => createLimit('failed-auth', shareRate({ rate: 0.000001, burst: 4_000 })));
  assert.deepEqual(shareRate({ rate: 0.01, burst: 2 }), { rate: 0.5, burst: 100 });
});

test('a server key is not limited per address', () => {
  const { limiter } = openLimiter();
  const verdict = limiter.charge({ ...phone('192.0.2.1'), callerType: 'server', events: 0 });
  assert.ok(verdict.allowed);
  assert.doesNotMatch(verdict.headers?.['RateLimit-Policy'] ?? '', /ip/);
});

test('management and queries of a client key count per address, and together behind an unconfigured proxy', () => {
  const { limiter } = openLimiter();
  for (const category of ['management', 'analytics'] as const) {
    const from = (network: string): Payer => ({ ...phone(network), category });
    for (let call = 0; call < 200; call += 1) limiter.chargeRefusal(from('192.0.2.1'));
    assert.ok(!limiter.peek(from('192.0.2.1')).allowed);
    assert.ok(limiter.peek(from('192.0.2.2')).allowed);
    const forwarded = from(forwardedNetwork('10.0.0.1'));
    for (let call = 0; call < 3_000; call += 1) assert.ok(limiter.charge(forwarded).allowed);
    assert.ok(!limiter.charge(forwarded).allowed);
  }
});

test('sending from ever more addresses with a client key cannot fill memory or delay a key', () => {
  const { limiter } = openLimiter();
  const from = (network: string): Payer => ({ ...phone(network), category: 'management' });
  for (let call = 0; call < 250_000; call += 1) limiter.chargeRefusal(from(`2001:db8:${call}::/64`));
  assert.ok(limiter.countBuckets() <= 200_000 + 4_096, `${limiter.countBuckets()} buckets`);
  const server: Payer = { keyId: 'key_server', callerType: 'server', category: 'management' };
  for (let call = 0; call < 60; call += 1) assert.ok(limiter.charge(server).allowed);
});

test('the key, then its project, then the installation sets how many of its queries run concurrently', () => {
  const installation = { 'analytics-in-flight': { running: 7, waiting: 3 } } as const;
  const findPlan = createPlanner(installation);
  const runningOf = (keyLimits: RateLimits | null, projectLimits: RateLimits | null) => {
    const { inFlight } = findPlan({
      keyId: 'key_1',
      callerType: 'server',
      category: 'analytics',
      keyLimits,
      projectLimits,
    });
    return inFlight === 'off' ? 'off' : [inFlight.running, inFlight.waiting];
  };
  const [own, ofProject] = [{ analytics: { in_flight: 1 } }, { analytics: { in_flight: 9 } }];
  assert.deepEqual(runningOf(own, ofProject), [1, 3]);
  assert.deepEqual(runningOf(null, ofProject), [9, 3]);
  assert.deepEqual(runningOf(null, null), [7, 3]);
  assert.equal(
    createPlanner({ 'analytics-in-flight': 'off' })({
      ...phone('192.0.2.1'),
      category: 'analytics',
      keyLimits: own,
    }).inFlight,
    'off',
  );
});
