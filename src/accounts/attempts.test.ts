import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ApiError } from '../api/errors.ts';
import { StorageError } from '../lib/errors.ts';
import { createLimiter } from '../limits/limiter.ts';
import { limitAttempts } from './attempts.ts';

const BUCKETS = [{ policy: 'sign-in', name: 'device d1' }] as const;
const MORE_THAN_THE_LIMIT = 10;

it('does not count attempts that failed because the database did not answer or too many waited', async () => {
  const limiter = createLimiter({ nowUs: () => 1 });
  for (const error of [new StorageError('unavailable', 'locked'), new ApiError('overloaded')])
    for (let attempt = 1; attempt <= MORE_THAN_THE_LIMIT; attempt += 1)
      await assert.rejects(
        limitAttempts({ limiter }, BUCKETS, () => Promise.reject(error)),
        error,
      );
  assert.equal(await limitAttempts({ limiter }, BUCKETS, async () => 'right'), 'right');
});

it('counts attempts that were wrong, and those that failed otherwise', async () => {
  const limiter = createLimiter({ nowUs: () => 1 });
  for (let attempt = 1; attempt <= 4; attempt += 1)
    assert.equal(await limitAttempts({ limiter }, BUCKETS, async () => undefined), undefined);
  await assert.rejects(limitAttempts({ limiter }, BUCKETS, () => Promise.reject(new Error('a bug'))));
  await assert.rejects(
    limitAttempts({ limiter }, BUCKETS, async () => 'right'),
    { code: 'rate_limited' },
  );
});
