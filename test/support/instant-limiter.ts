import assert from 'node:assert/strict';
import { createLimiter, type Limiter, type LimiterOptions } from '../../src/limits/limiter.ts';
import type { MaybePromise } from '../../src/limits/maybe-promise.ts';

type Instant = {
  [Name in keyof Limiter]: Limiter[Name] extends (...input: infer Input) => MaybePromise<infer Answer>
    ? (...input: Input) => Awaited<Answer>
    : Limiter[Name];
};

function settled<T>(answer: MaybePromise<T>): T {
  assert.ok(!(answer instanceof Promise), 'memory returns synchronously');
  return answer;
}

/** Returns an in-memory limiter whose methods return synchronously. */
export function makeInstantLimiter(options: LimiterOptions = {}): Instant {
  const limiter = createLimiter(options);
  return {
    ...limiter,
    charge: (request) => settled(limiter.charge(request)),
    enter: (request, asker) => settled(limiter.enter(request, asker)),
    chargeRefusal: (request) => settled(limiter.chargeRefusal(request)),
    chargeFailedAuthentication: (network) => settled(limiter.chargeFailedAuthentication(network)),
    chargeLeakReport: (network) => settled(limiter.chargeLeakReport(network)),
    chargeAttempt: (buckets) => settled(limiter.chargeAttempt(buckets)),
    refundAttempt: (buckets) => settled(limiter.refundAttempt(buckets)),
  };
}
