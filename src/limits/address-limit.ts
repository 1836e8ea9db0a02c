import { countRetryAfterSeconds } from './headers.ts';
import { createLimit, type PolicyName, type PolicyRate } from './limit.ts';
import { type MaybePromise, thenMaybe } from './soon.ts';
import type { LimitStore } from './store.ts';

/**
 * Returns the function that spends one call of an address and returns undefined, or the whole seconds (at least 1) to
 * wait when none is left. A bucket is full again after its window: memory is bounded by what arrives in one.
 */
export function createAddressLimit(
  store: LimitStore,
  policy: PolicyName,
  rate: PolicyRate | 'off',
): (network: string) => MaybePromise<number | undefined> {
  if (rate === 'off') return () => undefined;
  const limit = createLimit(policy, rate);
  return (network) =>
    thenMaybe(store.charge([{ limit, cost: 1, bucket: network }]), (decision) => {
      // Impossible cannot be: a burst is at least 1, the cost.
      if (decision.allowed || decision.impossible) return undefined;
      return countRetryAfterSeconds(decision.retryAfterMs);
    });
}
