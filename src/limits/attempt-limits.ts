import { isForwardedNetwork } from '../lib/ip.ts';
import { createLimit, type PolicyName, type PolicyRate } from './gcra/limit.ts';
import type { BucketCharge, LimitStore } from './gcra/store.ts';
import { type MaybePromise, thenMaybe } from './maybe-promise.ts';
import { SIGN_IN_ACCOUNT_RATE, SIGN_IN_CODE_RATE, SIGN_IN_RATE, shareRate } from './policies.ts';
import { countRetryAfterSeconds } from './verdict.ts';

/** The policies that limit wrong passwords, codes and links. */
export type AttemptPolicy = Extract<PolicyName, 'sign-in' | 'sign-in-account' | 'sign-in-code'>;

/** A bucket that an attempt is charged to: of an address, an account, a known device or a session. */
export type AttemptBucket = { readonly policy: AttemptPolicy } & (
  | { readonly name: string }
  | { readonly of: 'passwords' | 'links'; readonly network: string }
);

/** Why an attempt is refused: the policy without failures left, and the whole seconds until the next one. */
export type AttemptDenial = { readonly policy: PolicyName; readonly retryAfterSeconds: number };

/**
 * Limits wrong passwords, codes and links. A failure is spent before anything is checked; a correct one refunds it. So
 * parallel guesses cannot all count as the last one.
 */
export type AttemptLimit = {
  /** Spends one failure of each bucket. Returns why not if one of them has none left; then nothing is spent. */
  charge(buckets: readonly AttemptBucket[]): MaybePromise<AttemptDenial | undefined>;
  refund(buckets: readonly AttemptBucket[]): MaybePromise<void>;
};

/** Returns the limit. `rate` is that of `sign-in`; `off` leaves only the limit on codes. */
export function createAttemptLimit(store: LimitStore, rate: PolicyRate | 'off' = SIGN_IN_RATE): AttemptLimit {
  const isOff = rate === 'off';
  const limits = {
    'sign-in': createLimit('sign-in', isOff ? SIGN_IN_RATE : rate),
    'sign-in-account': createLimit('sign-in-account', SIGN_IN_ACCOUNT_RATE),
    'sign-in-code': createLimit('sign-in-code', SIGN_IN_CODE_RATE),
  };
  const shared = createLimit('sign-in', shareRate(isOff ? SIGN_IN_RATE : rate));
  const toCharge = (bucket: AttemptBucket, cost: number): BucketCharge =>
    'name' in bucket
      ? { limit: limits[bucket.policy], cost, bucket: bucket.name }
      : {
          limit: isForwardedNetwork(bucket.network) ? shared : limits[bucket.policy],
          cost,
          bucket: `${bucket.of} from ${bucket.network}`,
        };
  const chargesOf = (buckets: readonly AttemptBucket[], cost: number) =>
    buckets
      .filter(({ policy }) => !isOff || policy === 'sign-in-code')
      .map((bucket) => toCharge(bucket, cost));
  return {
    charge(buckets) {
      const charges = chargesOf(buckets, 1);
      if (charges.length === 0) return undefined;
      return thenMaybe(store.charge(charges), (decision) => {
        // `impossible` cannot occur: the burst is at least 1, and so is the cost.
        if (decision.allowed || decision.impossible) return undefined;
        return {
          policy: decision.policy,
          retryAfterSeconds: countRetryAfterSeconds(decision.retryAfterMs),
        };
      });
    },
    refund(buckets) {
      const charges = chargesOf(buckets, -1);
      return charges.length === 0 ? undefined : thenMaybe(store.chargeRefusal(charges), () => undefined);
    },
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
  const [own, shared] = [createLimit(policy, rate), createLimit(policy, shareRate(rate))];
  return (network) => {
    const limit = isForwardedNetwork(network) ? shared : own;
    return thenMaybe(store.charge([{ limit, cost: 1, bucket: network }]), (decision) => {
      // `impossible` cannot occur: the burst is at least 1, and so is the cost.
      if (decision.allowed || decision.impossible) return undefined;
      return countRetryAfterSeconds(decision.retryAfterMs);
    });
  };
}
