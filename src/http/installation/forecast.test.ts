import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FREE_BYTES_MIN } from '../../disk/space.ts';
import { DAY_MS } from '../../lib/durations.ts';
import { type DiskTrend, forecastDisk, RATE_MS } from './forecast.ts';

/** 7,000 events in 7 days, of 100 B each: 100,000 B per day. */
const TREND: DiskTrend = {
  freeBytes: FREE_BYTES_MIN + 4_100_000,
  storedBytes: 2_000_000,
  storedEvents: 20_000,
  newEvents: 7_000,
  sinceFirstMs: 30 * DAY_MS,
};
const forecast = (changed: Partial<DiskTrend>) => forecastDisk({ ...TREND, ...changed });
const filling = (bytesPerDay: number, fullInDays: number) => ({
  status: 'filling',
  bytesPerDay,
  fullInDays,
});

describe('the disk forecast', () => {
  it('divides the free space that events may use by the rate of the last 7 days', () => {
    assert.deepEqual(forecast({}), filling(100_000, 41));
    assert.deepEqual(forecast({ freeBytes: TREND.freeBytes - 1 }), filling(100_000, 40));
  });

  it('says that the disk is full exactly when events are refused', () => {
    assert.deepEqual(forecast({ freeBytes: FREE_BYTES_MIN - 1 }), { status: 'full' });
    assert.deepEqual(forecast({ freeBytes: FREE_BYTES_MIN }), filling(100_000, 0));
    assert.deepEqual(forecast({ freeBytes: 0, sinceFirstMs: undefined }), { status: 'full' });
  });

  it('has not enough data before the first event, nor in the first day after it', () => {
    const tooEarly = { status: 'not_enough_data' };
    assert.deepEqual(forecast({ sinceFirstMs: undefined, newEvents: 0 }), tooEarly);
    assert.deepEqual(forecast({ sinceFirstMs: DAY_MS - 1 }), tooEarly);
    assert.deepEqual(forecast({ sinceFirstMs: DAY_MS }), filling(700_000, 5));
  });

  it('measures the rate over the time since the first event if that is less than 7 days', () => {
    assert.deepEqual(forecast({ sinceFirstMs: RATE_MS / 2 }), filling(200_000, 20));
    assert.deepEqual(forecast({ sinceFirstMs: RATE_MS }), filling(100_000, 41));
  });

  it('is steady without new events', () => {
    assert.deepEqual(forecast({ newEvents: 0 }), { status: 'steady' });
    assert.deepEqual(forecast({ newEvents: 0, storedEvents: 0, storedBytes: 0 }), { status: 'steady' });
  });

  it('has not enough data if all new events were deleted', () => {
    assert.deepEqual(forecast({ storedEvents: 0 }), { status: 'not_enough_data' });
    assert.deepEqual(forecast({ storedBytes: 0 }), { status: 'not_enough_data' });
  });

  it('is always made of finite whole numbers', () => {
    const amount = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
    const trends = fc.record({
      freeBytes: amount.map((bytes) => FREE_BYTES_MIN + bytes),
      storedBytes: amount,
      storedEvents: amount,
      newEvents: amount,
      sinceFirstMs: amount.map((ms) => DAY_MS + ms),
    });
    fc.assert(
      fc.property(trends, (trend) => {
        const made = forecastDisk(trend);
        assert.ok(made.status === 'filling');
        assert.ok(Number.isInteger(made.bytesPerDay) && made.bytesPerDay > 0, JSON.stringify(made));
        assert.ok(Number.isInteger(made.fullInDays) && made.fullInDays >= 0, JSON.stringify(made));
      }),
    );
  });
});
