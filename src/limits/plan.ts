import { formatRateLimitPolicy } from './headers.ts';
import type { InFlightLimit } from './in-flight.ts';
import { createLimit, type Limit } from './limit.ts';
import { combineOverrides, type OwnLimits } from './overrides.ts';
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
} from './policies.ts';
import type { BucketCharge } from './store.ts';

/** The limits of one category for one key type, with all that can be prepared before a request comes. */
export type Plan = {
  readonly limits: readonly PlannedLimit[];
  readonly policyHeader: string;
  /** How many requests may run at once. */
  readonly inFlight: InFlightLimit | 'off';
};

type PlannedLimit = Pick<ChargedPolicy, 'unit' | 'per'> & { readonly limit: Limit };

/** Whose request it is and what it counts under. `keyId` is the id that verification resolved. */
export type Payer = {
  readonly keyId: string;
  readonly callerType: CallerType;
  readonly category: Category;
  /** The limits of its own that the key has, and those of its project. Another object after each change. */
  readonly keyLimits?: OwnLimits | null;
  readonly projectLimits?: OwnLimits | null;
  /** What limits per address count by; absent when they must not count (an unnamed proxy's callers share one address). */
  readonly network?: string | undefined;
};

/** `whole` holds the limits per address too; `keyOnly` is for callers whose address says nothing. */
type Plans = Record<CallerType, Record<Category, { withAddress: Plan; keyOnly: Plan }>>;

/**
 * Returns the function that finds a request's plan. Plans are made once for each pair of `rate_limits`; a change brings
 * another object, and with it another plan.
 */
export function createPlanner(installation: LimitOverrides): (payer: Payer) => Plan {
  const defaults = planCallerTypes(installation);
  const known = new WeakMap<OwnLimits, { projectLimits: OwnLimits | null; plans: Plans }>();

  function findPlans(keyLimits: OwnLimits | null, projectLimits: OwnLimits | null): Plans {
    const changed = keyLimits ?? projectLimits;
    if (changed === null) return defaults;
    const entry = known.get(changed);
    if (entry?.projectLimits === projectLimits) return entry.plans;
    const plans = planCallerTypes(combineOverrides(installation, projectLimits, keyLimits));
    known.set(changed, { projectLimits, plans });
    return plans;
  }

  return ({ callerType, category, keyLimits = null, projectLimits = null, network }) => {
    const { withAddress, keyOnly } = findPlans(keyLimits, projectLimits)[callerType][category];
    return network === undefined ? keyOnly : withAddress;
  };
}

/**
 * Returns what a request of `events` events costs under each limit. Those that cost nothing this time are asked all the
 * same: every answer shows the same names. An address counts inside its key, so its bucket is named by both.
 */
export function listCharges(plan: Plan, { keyId, network }: Payer, events: number): BucketCharge[] {
  const names = { key: keyId, address: `${keyId} ${network}` };
  return plan.limits.map(({ limit, unit, per }) => ({
    limit,
    cost: unit === 'request' ? 1 : events,
    bucket: names[per],
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
  const planLimits = (hasAddress: boolean) =>
    listChargedPolicies(category, callerType, hasAddress).flatMap(({ policy, unit, per }) => {
      const rate = overrides[policy] ?? defaultRateOf(policy, callerType);
      return rate === 'off' ? [] : [{ limit: createLimit(policy, rate), unit, per }];
    });
  const inFlightDefault = callerType === 'member' ? IN_FLIGHT_MEMBER : IN_FLIGHT_DEFAULT;
  const inFlight = category === 'analytics' ? (overrides[IN_FLIGHT_POLICY] ?? inFlightDefault) : 'off';
  return { withAddress: toPlan(planLimits(true), inFlight), keyOnly: toPlan(planLimits(false), inFlight) };
}

const toPlan = (limits: readonly PlannedLimit[], inFlight: Plan['inFlight']): Plan => ({
  limits,
  policyHeader: formatRateLimitPolicy(limits.map(({ limit }) => limit)),
  inFlight,
});
