import { createLimit, type PolicyName, type PolicyRate } from './gcra/limit.ts';
import type { LimitStore } from './gcra/store.ts';
import { countRetryAfterSeconds } from './headers.ts';
import { type MaybePromise, thenMaybe } from './maybe-promise.ts';

/**
 * Returns a function that charges one request to an address. It returns undefined, or the seconds to wait (whole, at
 * least 1) when nothing is left. Buckets refill within their window, so memory is bounded by the addresses seen in
 * one window.
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
      // `impossible` cannot occur: the burst is at least 1, and so is the cost.
      if (decision.allowed || decision.impossible) return undefined;
      return countRetryAfterSeconds(decision.retryAfterMs);
    });
}
