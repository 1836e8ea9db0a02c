import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeForecast } from './describe-forecast.ts';

const filling = (full_in_days: number) =>
  describeForecast({ status: 'filling', bytes_per_day: 25_000_000, full_in_days });

describe('the disk forecast in words', () => {
  for (const [days, title, tone] of [
    [0, 'The disk will be full in less than a day', 'bad'],
    [1, 'The disk will be full in about 1 day', 'bad'],
    [6, 'The disk will be full in about 6 days', 'bad'],
    [7, 'The disk will be full in about 7 days', 'warn'],
    [29, 'The disk will be full in about 29 days', 'warn'],
    [30, 'The disk will be full in about 30 days', 'good'],
    [729, 'The disk will be full in about 729 days', 'good'],
    [730, 'The disk will be full in about 2 years', 'good'],
    [3_649, 'The disk will be full in about 9 years', 'good'],
    [3_650, 'The disk will be full in more than 10 years', 'good'],
    [9e15, 'The disk will be full in more than 10 years', 'good'],
  ] as const) {
    it(`says "${title}" for ${days}`, () => {
      assert.equal(filling(days).title, title);
      assert.equal(filling(days).tone, tone);
    });
  }

  it('names the rate it is based on', () => {
    assert.match(filling(41).text, /rate of the last 7 days, which is 25 MB per day/);
  });

  it('has words for every other state, without a number', () => {
    for (const status of ['full', 'steady', 'not_enough_data', 'on_server', 'unavailable'] as const) {
      const { title, text } = describeForecast({ status, bytes_per_day: null, full_in_days: null });
      assert.doesNotMatch(`${title} ${text}`, /NaN|null|undefined|0 B/);
    }
  });
});
