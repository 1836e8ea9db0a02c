import { isForwardedNetwork } from '../lib/ip.ts';
import { createLimit, type Limit, type PolicyRate } from './gcra/limit.ts';
import type { BucketCharge } from './gcra/store.ts';
import type { InFlightLimit } from './in-flight.ts';
import {
  type CallerType,
  type Category,
  type ChargedPolicy,
  defaultRateOf,
  IN_FLIGHT_DEFAULT,
  IN_FLIGHT_MEMBER,
  IN_FLIGHT_POLICY,
  type LimitOverrides,
  listChargedPolicies,
  shareRate,
} from './policies.ts';
import { combineOverrides, type RateLimits } from './rate-limits.ts';
import { formatRateLimitPolicy } from './verdict.ts';

/** The limits of one category for one caller type, with everything that can be prepared before a request arrives. */
export type Plan = {
  readonly limits: readonly PlannedLimit[];
  readonly policyHeader: string;
  /** How many requests may run concurrently. */
  readonly inFlight: InFlightLimit | 'off';
};

type PlannedLimit = Pick<ChargedPolicy, 'unit' | 'per'> & { readonly limit: Limit };

/** The caller of a request and the limits it counts against. `keyId` is the id that verification resolved. */
export type Payer = {
  readonly keyId: string;
  readonly callerType: CallerType;
  readonly category: Category;
  /** The key's own limits, and its project's. A different object after each change. */
  readonly keyLimits?: RateLimits | null;
  readonly projectLimits?: RateLimits | null;
  /** What limits per address count by; absent for callers that have none. */
  readonly network?: string;
};

/** `shared` is for the callers of an unconfigured proxy: its limits per address are for all of them together. */
type Plans = Record<CallerType, Record<Category, { own: Plan; shared: Plan }>>;

/**
 * Returns the function that finds a request's plan. Plans are built once per pair of `rate_limits`; a change brings a
 * different object, and so a new plan.
 */
export function createPlanner(installation: LimitOverrides): (payer: Payer) => Plan {
  const defaults = planCallerTypes(installation);
  const known = new WeakMap<RateLimits, { projectLimits: RateLimits | null; plans: Plans }>();

  function findPlans(keyLimits: RateLimits | null, projectLimits: RateLimits | null): Plans {
    const changed = keyLimits ?? projectLimits;
    if (changed === null) return defaults;
    const entry = known.get(changed);
    if (entry?.projectLimits === projectLimits) return entry.plans;
    const plans = planCallerTypes(combineOverrides(installation, projectLimits, keyLimits));
    known.set(changed, { projectLimits, plans });
    return plans;
  }

  return ({ callerType, category, keyLimits = null, projectLimits = null, network }) => {
    const { own, shared } = findPlans(keyLimits, projectLimits)[callerType][category];
    return network !== undefined && isForwardedNetwork(network) ? shared : own;
  };
}

/**
 * Returns what a request of `events` events costs under each limit. Limits that cost nothing this time are included
 * with cost 0, so every response lists the same names. An address counts within its key, so its bucket is named by
 * both.
 */
export function listCharges(plan: Plan, { keyId, network }: Payer, events: number): BucketCharge[] {
  return plan.limits.map(({ limit, unit, per }) => ({
    limit,
    cost: unit === 'request' ? 1 : events,
    bucket: per === 'key' ? keyId : `${keyId} ${network}`,
    isOpen: per === 'address',
  }));
}

function planCallerTypes(overrides: LimitOverrides): Plans {
  return {
    server: planCategories('server', overrides),
    client: planCategories('client', overrides),
    read_only: planCategories('read_only', overrides),
    member: planCategories('member', overrides),
  };
}

function planCategories(callerType: CallerType, overrides: LimitOverrides): Plans[CallerType] {
  return {
    events: planCategory('events', callerType, overrides),
    analytics: planCategory('analytics', callerType, overrides),
    management: planCategory('management', callerType, overrides),
  };
}

function planCategory(
  category: Category,
  callerType: CallerType,
  overrides: LimitOverrides,
): Plans[CallerType][Category] {
  const rateOf = (policy: ChargedPolicy['policy']) => overrides[policy] ?? defaultRateOf(policy, callerType);
  const planLimits = (isShared: boolean) =>
    listChargedPolicies(category, callerType).flatMap(({ policy, unit, per }) => {
      const rate = rateOf(policy);
      if (rate === 'off') return [];
      const applied = isShared && per === 'address' ? shareAddressRate(policy, rate, rateOf) : rate;
      return [{ limit: createLimit(policy, applied), unit, per }];
    });
  const inFlightDefault = callerType === 'member' ? IN_FLIGHT_MEMBER : IN_FLIGHT_DEFAULT;
  const inFlight = category === 'analytics' ? (overrides[IN_FLIGHT_POLICY] ?? inFlightDefault) : 'off';
  return { own: toPlan(planLimits(false), inFlight), shared: toPlan(planLimits(true), inFlight) };
}

/** The limit that a key has besides its limit per address. */
const KEY_POLICY_OF = { 'events-ip': 'events', 'events-ip-requests': 'events-requests' } as const;

/** A proxy may forward everything that is sent with a key: the shared limit is never below the key's own. */
function shareAddressRate(
  policy: ChargedPolicy['policy'],
  rate: PolicyRate,
  rateOf: (policy: ChargedPolicy['policy']) => PolicyRate | 'off',
): PolicyRate {
  const shared = shareRate(rate);
  const ofKey =
    policy === 'events-ip' || policy === 'events-ip-requests' ? rateOf(KEY_POLICY_OF[policy]) : 'off';
  if (ofKey === 'off') return shared;
  return { rate: Math.max(shared.rate, ofKey.rate), burst: Math.max(shared.burst, ofKey.burst) };
}

const toPlan = (limits: readonly PlannedLimit[], inFlight: Plan['inFlight']): Plan => ({
  limits,
  policyHeader: formatRateLimitPolicy(limits.map(({ limit }) => limit)),
  inFlight,
});
