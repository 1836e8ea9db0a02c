import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findHigherLimits, findRateLimitMistakes, foldRateLimits, type RateLimits } from './rate-limits.ts';

const FREE = { project: null, installation: {} };
/** What a key that had the default is given. */
const giving = (after: RateLimits | null) => ({ before: null, after });
const events = (rate: number, burst: number): RateLimits => ({ events: { requests: { rate, burst } } });
const management = (rate: number, burst: number): RateLimits => ({
  management: { requests: { rate, burst } },
});
const inFlight = (in_flight: number): RateLimits => ({ analytics: { in_flight } });

describe('the search for limits above those of the caller', () => {
  it('finds higher limits part by part: rate and burst each', () => {
    const own = events(10, 20);
    assert.deepEqual(findHigherLimits('server', giving(events(10, 20)), own, FREE), []);
    for (const more of [events(10, 21), events(10.5, 20), {}]) {
      assert.deepEqual(findHigherLimits('server', giving(more), own, FREE), ['rate_limits.events.requests']);
    }
    assert.deepEqual(findHigherLimits('server', giving(inFlight(3)), inFlight(2), FREE), [
      'rate_limits.analytics.in_flight',
    ]);
  });

  it('compares with the default of the target’s type where the caller has no limit of its own', () => {
    assert.deepEqual(findHigherLimits('client', giving(null), null, FREE), []);
    assert.deepEqual(findHigherLimits('client', giving(events(2_000, 10_000)), null, FREE), []);
    assert.equal(findHigherLimits('client', giving(events(2_001, 10_000)), null, FREE).length, 1);
    assert.equal(findHigherLimits('server', giving(events(2_000, 10_000)), null, FREE).length, 1);
    assert.equal(findHigherLimits('server', giving(inFlight(6)), null, FREE).length, 1);
    assert.equal(findHigherLimits('server', giving(inFlight(5)), null, FREE).length, 0);
  });

  it('compares with the project’s default, then with the installation’s', () => {
    const installation = { management: { rate: 5, burst: 5 } };
    assert.equal(
      findHigherLimits('server', giving(management(6, 5)), null, { project: null, installation }).length,
      1,
    );
    assert.equal(
      findHigherLimits('server', giving(management(5, 5)), null, { project: null, installation }).length,
      0,
    );
    const project = management(7, 7);
    assert.equal(
      findHigherLimits('server', giving(management(7, 7)), null, { project, installation }).length,
      0,
    );
    assert.equal(
      findHigherLimits('server', giving(management(8, 7)), null, { project, installation }).length,
      1,
    );
    const off = { project: null, installation: { management: 'off' } } as const;
    assert.equal(findHigherLimits('server', giving(management(11, 60)), null, off).length, 1);
  });

  it('compares with how many queries the installation allows to run concurrently', () => {
    const countHigher = (running: number, limit: { running: number; waiting: number } | 'off') =>
      findHigherLimits('server', giving(inFlight(running)), null, {
        project: null,
        installation: { 'analytics-in-flight': limit },
      }).length;
    assert.deepEqual(
      [countHigher(2, { running: 2, waiting: 0 }), countHigher(3, { running: 2, waiting: 0 })],
      [0, 1],
    );
    assert.deepEqual([countHigher(5, 'off'), countHigher(6, 'off')], [0, 1]);
  });
});

it('names each rate that cannot be enforced', () => {
  const limits = {
    events: { events: { rate: 1, burst: 999 } },
    management: { requests: { rate: -1, burst: 5 } },
  };
  assert.deepEqual(
    findRateLimitMistakes(limits).map(({ field }) => field),
    ['rate_limits.events.events', 'rate_limits.management.requests'],
  );
  assert.deepEqual(findRateLimitMistakes({ events: { events: { rate: 1, burst: 1_000 } } }), []);
});

it('stores nothing where no limit is set', () => {
  for (const nothing of [null, {}, { events: {} }, { events: {}, analytics: {}, management: {} }]) {
    assert.equal(foldRateLimits(nothing), null);
  }
  assert.deepEqual(foldRateLimits(inFlight(1)), inFlight(1));
});
