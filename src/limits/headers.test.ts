import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Item, parseList, serializeList } from 'structured-headers';
import { createLimit, findRateMistake } from './gcra/limit.ts';
import { countRetryAfterSeconds, formatRateLimit, formatRateLimitPolicy } from './verdict.ts';

const events = createLimit('events', { rate: 10_000, burst: 50_000 });
const requests = createLimit('events-requests', { rate: 100, burst: 500 });

test('formats RateLimit-Policy exactly as documented', () => {
  assert.equal(
    formatRateLimitPolicy([events, requests]),
    '"events";q=50000;w=5, "events-requests";q=500;w=5',
  );
});

test('formats RateLimit exactly as documented', () => {
  const states = [
    { limit: events, remaining: 0, resetSeconds: 3 },
    { limit: requests, remaining: 412, resetSeconds: 1 },
  ];
  assert.equal(formatRateLimit(states), '"events";r=0;t=3, "events-requests";r=412;t=1');
});

test('both fields parse as lists of strings with integer parameters', () => {
  const policies = parseList(formatRateLimitPolicy([events, requests]));
  assert.deepEqual(
    policies.map(([name, parameters]) => [name, Object.fromEntries(parameters)]),
    [
      ['events', { q: 50_000, w: 5 }],
      ['events-requests', { q: 500, w: 5 }],
    ],
  );
  const [item] = parseList(formatRateLimit([{ limit: events, remaining: 7, resetSeconds: 1 }]));
  assert.deepEqual([item?.[0], Object.fromEntries(item?.[1] ?? [])], ['events', { r: 7, t: 1 }]);
});

test('RateLimit equals the output of a structured-field serializer for any numbers', () => {
  const whole = fc.integer({ min: 0, max: 999_999_999_999_999 });
  const state = fc.record({
    limit: fc.constantFrom(events, requests),
    remaining: fc.oneof(whole, fc.constant(999_999_999_999_999)),
    resetSeconds: whole,
  });
  fc.assert(
    fc.property(fc.array(state, { maxLength: 4 }), (states) => {
      const items = states.map(({ limit, remaining, resetSeconds }): Item => {
        const parameters = new Map([
          ['r', remaining],
          ['t', resetSeconds],
        ]);
        return [limit.policy, parameters];
      });
      assert.equal(formatRateLimit(states), serializeList(items));
    }),
  );
});

test('every limit that can be set fits the header field: the largest burst does, one more is rejected', () => {
  const rate = 1_000_000_000;
  const largest = createLimit('events', { rate, burst: 999_999_999_999_999 });
  assert.match(formatRateLimitPolicy([largest]), /^"events";q=999999999999999;w=\d+$/);
  assert.match(findRateMistake({ rate, burst: 1_000_000_000_000_000 }) ?? '', /at most 999999999999999/);
});

test('Retry-After is in whole seconds, rounded up, at least 1', () => {
  assert.deepEqual([0, 1, 999, 1000, 1001, 2301].map(countRetryAfterSeconds), [1, 1, 1, 1, 2, 3]);
});
