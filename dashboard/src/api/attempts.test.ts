import assert from 'node:assert/strict';
import { it } from 'node:test';
import { makeAttempts } from './attempts.ts';

it('returns the same key and body for one draft, even if the body contains the time', () => {
  let now = 0;
  const attemptOf = makeAttempts(({ name }: { name: string }) => {
    now += 1;
    return { name, at: now };
  });
  const draft = { name: 'Backend' };
  const first = attemptOf(draft);
  assert.deepEqual(first.body, { name: 'Backend', at: 1 });
  assert.equal(attemptOf(draft), first);
});

it('returns another key for a changed draft, as the server requires for another body', () => {
  const attemptOf = makeAttempts((draft: { name: string }) => draft);
  const keys = ['Backend', 'Backend 2'].map((name) => attemptOf({ name }).idempotencyKey);
  assert.equal(new Set(keys).size, 2);
  for (const key of keys) assert.match(key, /^[0-9a-f]{32}$/);
});
