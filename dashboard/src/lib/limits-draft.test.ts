import assert from 'node:assert/strict';
import { it } from 'node:test';
import { readLimit, withLimit } from './limits-draft.ts';

it('sets one limit and leaves the others', () => {
  const limits = { analytics: { requests: { rate: 1, burst: 2 }, in_flight: 3 } };
  assert.deepEqual(withLimit(limits, 'events.events', { rate: 10, burst: 5_000 }), {
    events: { events: { rate: 10, burst: 5_000 } },
    analytics: { requests: { rate: 1, burst: 2 }, in_flight: 3 },
  });
});

it('returns null when no limit is set', () => {
  const limits = withLimit(null, 'management.requests', { rate: 1, burst: 1 });
  assert.deepEqual(readLimit(limits, 'management.requests'), { rate: 1, burst: 1 });
  assert.equal(withLimit(limits, 'management.requests', undefined), null);
});
