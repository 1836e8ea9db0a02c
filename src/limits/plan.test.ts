import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeInstantLimiter } from '../../test/support/instant-limiter.ts';
import { createPlanner, type Payer } from './plan.ts';
import type { RateLimits } from './rate-limits.ts';

const phone = (network: string | undefined): Payer => ({
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

test('without a meaningful address only the key is limited, and the headers name no other policy', () => {
  const { limiter } = openLimiter();
  for (let call = 0; call < 2_000; call += 1)
    assert.ok(limiter.charge({ ...phone(undefined), events: 1 }).allowed);
  const verdict = limiter.charge({ ...phone(undefined), events: 0 });
  assert.ok(verdict.allowed);
  assert.equal(verdict.headers?.['RateLimit-Policy'], '"events";q=200000;w=4, "events-requests";q=10000;w=5');
});

test('a server key is not limited per address', () => {
  const { limiter } = openLimiter();
  const verdict = limiter.charge({ ...phone('192.0.2.1'), callerType: 'server', events: 0 });
  assert.ok(verdict.allowed);
  assert.doesNotMatch(verdict.headers?.['RateLimit-Policy'] ?? '', /ip/);
});

test('management and queries of a client key count per address, and per key without a meaningful address', () => {
  const { limiter } = openLimiter();
  for (const category of ['management', 'analytics'] as const) {
    const from = (network: string | undefined): Payer => ({ ...phone(network), category });
    for (let call = 0; call < 200; call += 1) limiter.chargeRefusal(from('192.0.2.1'));
    assert.ok(!limiter.peek(from('192.0.2.1')).allowed);
    assert.ok(limiter.peek(from('192.0.2.2')).allowed);
    for (let call = 0; call < 60; call += 1) assert.ok(limiter.charge(from(undefined)).allowed);
    assert.ok(!limiter.charge(from(undefined)).allowed);
  }
});

test('sending from ever more addresses with a client key cannot fill memory or delay a key', () => {
  const { limiter } = openLimiter();
  const from = (network: string | undefined): Payer => ({ ...phone(network), category: 'management' });
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
      ...phone(undefined),
      category: 'analytics',
      keyLimits: own,
    }).inFlight,
    'off',
  );
});
