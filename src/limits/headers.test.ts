import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseList } from 'structured-headers';
import { countRetryAfterSeconds, formatRateLimit, formatRateLimitPolicy } from './headers.ts';
import { createLimit } from './limit.ts';

const events = createLimit('events', { rate: 10_000, burst: 50_000 });
const requests = createLimit('events-requests', { rate: 100, burst: 500 });

test('writes RateLimit-Policy word for word as documented', () => {
  assert.equal(
    formatRateLimitPolicy([events, requests]),
    '"events";q=50000;w=5, "events-requests";q=500;w=5',
  );
});

test('writes RateLimit word for word as documented', () => {
  const states = [
    { limit: events, remaining: 0, resetSeconds: 3 },
    { limit: requests, remaining: 412, resetSeconds: 1 },
  ];
  assert.equal(formatRateLimit(states), '"events";r=0;t=3, "events-requests";r=412;t=1');
});

test('both fields are lists of strings with integer parameters to a structured-field parser', () => {
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

test('Retry-After is whole seconds, rounded up, at least 1', () => {
  assert.deepEqual([0, 1, 999, 1000, 1001, 2301].map(countRetryAfterSeconds), [1, 1, 1, 1, 2, 3]);
});
