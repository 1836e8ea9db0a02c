import { createLimit, type PolicyName, type PolicyRate } from './gcra/limit.ts';
import type { LimitStore } from './gcra/store.ts';
import { type MaybePromise, thenMaybe } from './maybe-promise.ts';
import { countRetryAfterSeconds } from './verdict.ts';

/**
 * Limits wrong passwords per account and per address. A failure is spent before the password is checked; a correct
 * one refunds it.
 */
export type SignInLimit = {
  /**
   * Returns undefined, or the whole seconds to wait when one of the names has no failures left; then nothing is
   * spent.
   */
  charge(names: readonly string[]): MaybePromise<number | undefined>;
  refund(names: readonly string[]): MaybePromise<void>;
};

/** Returns the limit. It spends first, so that parallel guesses cannot all count as the last one. */
export function createSignInLimit(store: LimitStore, rate: PolicyRate | 'off'): SignInLimit {
  if (rate === 'off') return { charge: () => undefined, refund: () => undefined };
  const limit = createLimit('sign-in', rate);
  const chargesOf = (names: readonly string[], cost: number) =>
    names.map((bucket) => ({ limit, cost, bucket }));
  return {
    charge: (names) =>
      thenMaybe(store.charge(chargesOf(names, 1)), (decision) => {
        // `impossible` cannot occur: the burst is at least 1, and so is the cost.
        if (decision.allowed || decision.impossible) return undefined;
        return countRetryAfterSeconds(decision.retryAfterMs);
      }),
    refund: (names) => thenMaybe(store.chargeRefusal(chargesOf(names, -1)), () => undefined),
  };
}

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
