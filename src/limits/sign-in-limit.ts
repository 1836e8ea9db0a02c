import { countRetryAfterSeconds } from './headers.ts';
import { createLimit, type PolicyRate } from './limit.ts';
import { type MaybePromise, thenMaybe } from './soon.ts';
import type { LimitStore } from './store.ts';

/** Wrong passwords of an account and from an address. What is spent before a password is looked at, a right one gives back. */
export type SignInLimit = {
  /** Returns undefined, or the whole seconds to wait when one of the names has no failure left; then none is spent. */
  charge(names: readonly string[]): MaybePromise<number | undefined>;
  refund(names: readonly string[]): MaybePromise<void>;
};

/** Returns the limit: spent first, so that guesses made at the same moment cannot all be the last. */
export function createSignInLimit(store: LimitStore, rate: PolicyRate | 'off'): SignInLimit {
  if (rate === 'off') return { charge: () => undefined, refund: () => undefined };
  const limit = createLimit('sign-in', rate);
  const chargesOf = (names: readonly string[], cost: number) =>
    names.map((bucket) => ({ limit, cost, bucket }));
  return {
    charge: (names) =>
      thenMaybe(store.charge(chargesOf(names, 1)), (decision) => {
        // Impossible cannot be: a burst is at least 1, the cost.
        if (decision.allowed || decision.impossible) return undefined;
        return countRetryAfterSeconds(decision.retryAfterMs);
      }),
    refund: (names) => thenMaybe(store.chargeRefusal(chargesOf(names, -1)), () => undefined),
  };
}
