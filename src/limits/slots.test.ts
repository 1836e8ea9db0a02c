import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeInstantLimiter } from '../../test/support/instant-limiter.ts';

describe('open streams', () => {
  const asker = { signal: () => new AbortController().signal };
  const stream = { keyId: 'key_1', callerType: 'server', category: 'analytics', isStream: true } as const;

  test('a key has at most five open streams: the sixth is denied immediately, closing one makes room, none takes a query slot', () => {
    const limiter = makeInstantLimiter({ overrides: { 'analytics-in-flight': { running: 1, waiting: 0 } } });
    const slots = Array.from({ length: 5 }, () => limiter.enter(stream, asker));
    assert.ok(slots.every(({ allowed }) => allowed));
    const denial = limiter.enter(stream, asker);
    assert.ok(!denial.allowed);
    assert.deepEqual([denial.policy, denial.retryAfterSeconds], ['analytics-streams', 1]);
    assert.ok(limiter.enter({ ...stream, keyId: 'key_2' }, asker).allowed);
    assert.ok(limiter.enter({ ...stream, isStream: false }, asker).allowed);
    assert.deepEqual([limiter.countStreams(), limiter.countInFlight()], [6, { running: 1, waiting: 0 }]);
    for (const slot of slots) if (slot.allowed) slot.release();
    assert.equal(limiter.countStreams(), 1);
    assert.ok(limiter.enter(stream, asker).allowed);
    assert.deepEqual(limiter.decisions['analytics-streams'], { allowed: 7, denied: 1, impossible: 0 });
  });

  test('open streams have no limit where concurrent queries have none, and in other categories', () => {
    const off = makeInstantLimiter({ overrides: { 'analytics-in-flight': 'off' } });
    const on = makeInstantLimiter();
    for (let round = 0; round < 20; round += 1) {
      assert.ok(off.enter(stream, asker).allowed);
      assert.ok(on.enter({ ...stream, category: 'management' }, asker).allowed);
    }
    assert.deepEqual([off.countStreams(), on.countStreams()], [0, 0]);
  });
});
