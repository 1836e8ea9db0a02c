import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseRemaining } from './limit-headers.ts';

it('parseRemaining returns the smallest quota of all policies, with events divided by the size of the batch', () => {
  const header = '"events";r=5000;t=1, "events-requests";r=412;t=2';
  assert.deepEqual(parseRemaining(header, 1), { requests: 412, resetMs: 2_000 });
  assert.deepEqual(parseRemaining(header, 1_000), { requests: 5, resetMs: 1_000 });
  assert.deepEqual(parseRemaining('"management";r=0;t=7', 1), { requests: 0, resetMs: 7_000 });
  assert.deepEqual(parseRemaining('"management";r=0;t=999999', 1), { requests: 0, resetMs: 60_000 });
  // With equal quotas, the later reset counts.
  assert.deepEqual(parseRemaining('"events";r=5;t=1, "events-requests";r=0;t=3', 10), {
    requests: 0,
    resetMs: 3_000,
  });
  assert.deepEqual(parseRemaining('"management";r=3', 1), { requests: 3, resetMs: 0 });
  for (const header of [null, '', 'nonsense', '"a";q=5;w=1', '"a";r=-1;t=1'])
    assert.equal(parseRemaining(header, 1), undefined);
});
