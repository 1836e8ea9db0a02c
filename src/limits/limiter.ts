import type { Charge, Decision, LimitState } from './decide.ts';
import { createFailedAuthenticationLimit } from './failed-authentications.ts';
import {
  countRetryAfterSeconds,
  formatRateLimit,
  formatRateLimitPolicy,
  type HeaderFields,
} from './headers.ts';
import { createLimit, type Limit, type PolicyName } from './limit.ts';
import { createMemoryLimiter } from './memory.ts';
import { combineOverrides, type OwnLimits } from './overrides.ts';
import {
  type Category,
  type CostUnit,
  DEFAULT_RATES,
  type KeyType,
  type LimitOverrides,
  POLICIES_BY_CATEGORY,
} from './policies.ts';

/** Whose request it is and what it counts under. `keyId` is the id that verification resolved. */
export type LimitedRequest = {
  readonly keyId: string;
  readonly keyType: KeyType;
  readonly category: Category;
  /** The limits of its own that the key has, and those of its project. Another object after each change. */
  readonly keyLimits?: OwnLimits | null;
  readonly projectLimits?: OwnLimits | null;
};

/** How often a policy let requests through, denied them, or refused a batch that could never pass. */
export type PolicyDecisions = { allowed: number; denied: number; impossible: number };

/** Go on. `headers` belong on the answer; undefined when nothing is limited or the fields are switched off. */
export type AllowedVerdict = { readonly allowed: true; readonly headers: HeaderFields | undefined };

/** Answer 429 `rate_limited` with these headers; nothing was spent. Both waits are at least 1. */
export type DeniedVerdict = {
  readonly allowed: false;
  readonly impossible: false;
  readonly policy: PolicyName;
  readonly category: Category;
  readonly retryAfterSeconds: number;
  readonly retryAfterMs: number;
  readonly headers: HeaderFields;
};

/** Answer 413 and suggest no wait: the cost is above the burst and would never pass. Nothing was spent. */
export type ImpossibleVerdict = {
  readonly allowed: false;
  readonly impossible: true;
  readonly policy: PolicyName;
  readonly category: Category;
  readonly cost: number;
  readonly burst: number;
};

/** What the limits say about a request. */
export type Verdict = AllowedVerdict | DeniedVerdict | ImpossibleVerdict;

/**
 * What the pipeline asks. Every answer comes at once; with Redis, a round trip away, `peek` and `charge` will return
 * promises, so call them where an `await` can stand.
 */
export type Limiter = {
  /** Before the body is read: is there room for one more request? Spends nothing. */
  peek(request: LimitedRequest): Verdict;
  /** Once the body is read: spends one request and, in category `events`, the events received in the batch. */
  charge(request: LimitedRequest & { readonly events?: number }): Verdict;
  /** For a request refused after the peek (403, 404, 415, 422 …): spends one request as far as there is one. */
  chargeRefusal(request: LimitedRequest): AllowedVerdict;
  /**
   * After a key that nobody knows: spends one failure of the address (canonical; IPv6 its /64). Returns undefined, or
   * the seconds for `Retry-After` of 429 `too_many_failed_authentications`. Never ask for a key that verified.
   */
  chargeFailedAuthentication(address: string): number | undefined;
  /** What each policy decided so far, by name, for metrics: charges and denials, not peeks that passed. */
  readonly decisions: Readonly<Record<PolicyName, Readonly<PolicyDecisions>>>;
  /** Buckets held in memory, for metrics and tests. */
  countBuckets(): number;
};

/** The limits of one category for one key type, with all that can be prepared before a request comes. */
type Plan = {
  readonly limits: readonly { readonly limit: Limit; readonly unit: CostUnit }[];
  readonly policyHeader: string;
};

const UNLIMITED: AllowedVerdict = { allowed: true, headers: undefined };

/**
 * Returns the limiter of this installation. `overrides` from `parseLimitSwitches`; `nowUs` as in
 * `createMemoryLimiter`; `rateLimitHeaders` false (`RATE_LIMIT_HEADERS=off`) leaves `Retry-After` only.
 */
export function createLimiter(
  options: { overrides?: LimitOverrides; nowUs?: () => number; rateLimitHeaders?: boolean } = {},
): Limiter {
  const { overrides = {}, nowUs, rateLimitHeaders = true } = options;
  const store = createMemoryLimiter(nowUs === undefined ? {} : { nowUs });
  const findPlan = planner(overrides);
  const decisions = startCounting();
  const chargeFailure = createFailedAuthenticationLimit(store, overrides);

  function writeHeaders(plan: Plan, states: readonly LimitState[]): HeaderFields | undefined {
    if (!rateLimitHeaders) return undefined;
    return { 'RateLimit-Policy': plan.policyHeader, RateLimit: formatRateLimit(states) };
  }

  function conclude(decision: Decision, plan: Plan, category: Category): Verdict {
    if (decision.allowed) return { allowed: true, headers: writeHeaders(plan, decision.states) };
    if (decision.impossible) {
      decisions[decision.policy].impossible += 1;
      return { ...decision, category };
    }
    decisions[decision.policy].denied += 1;
    const { policy, retryAfterMs, states } = decision;
    const retryAfterSeconds = countRetryAfterSeconds(retryAfterMs);
    const headers = { 'Retry-After': String(retryAfterSeconds), ...writeHeaders(plan, states) };
    return { allowed: false, impossible: false, policy, category, retryAfterSeconds, retryAfterMs, headers };
  }

  return {
    peek(request) {
      const { keyId, category } = request;
      const plan = findPlan(request);
      if (plan.limits.length === 0) return UNLIMITED;
      return conclude(store.peek(keyId, listCharges(plan, 0)), plan, category);
    },
    charge(request) {
      const { keyId, category, events = 0 } = request;
      const plan = findPlan(request);
      if (plan.limits.length === 0) return UNLIMITED;
      const decision = store.charge(keyId, listCharges(plan, events));
      if (decision.allowed) for (const { limit } of plan.limits) decisions[limit.policy].allowed += 1;
      return conclude(decision, plan, category);
    },
    chargeRefusal(request) {
      const { keyId } = request;
      const plan = findPlan(request);
      if (plan.limits.length === 0) return UNLIMITED;
      const { states } = store.chargeRefusal(keyId, listCharges(plan, 0));
      return { allowed: true, headers: writeHeaders(plan, states) };
    },
    chargeFailedAuthentication(address) {
      const retryAfterSeconds = chargeFailure(address);
      decisions['failed-auth'][retryAfterSeconds === undefined ? 'allowed' : 'denied'] += 1;
      return retryAfterSeconds;
    },
    decisions,
    countBuckets: store.countBuckets,
  };
}

function startCounting(): Record<PolicyName, PolicyDecisions> {
  const none = () => ({ allowed: 0, denied: 0, impossible: 0 });
  return {
    'events-requests': none(),
    events: none(),
    analytics: none(),
    management: none(),
    'failed-auth': none(),
  };
}

type Plans = Record<KeyType, Record<Category, Plan>>;

/** Plans are made once for each pair of `rate_limits`; a change brings another object, and with it another plan. */
function planner(installation: LimitOverrides): (request: LimitedRequest) => Plan {
  const defaults = planTypes(installation);
  const known = new WeakMap<OwnLimits, { projectLimits: OwnLimits | null; plans: Plans }>();
  return ({ keyType, category, keyLimits = null, projectLimits = null }) => {
    const changed = keyLimits ?? projectLimits;
    if (changed === null) return defaults[keyType][category];
    const entry = known.get(changed);
    if (entry?.projectLimits === projectLimits) return entry.plans[keyType][category];
    const plans = planTypes(combineOverrides(installation, projectLimits, keyLimits));
    known.set(changed, { projectLimits, plans });
    return plans[keyType][category];
  };
}

function planTypes(overrides: LimitOverrides): Plans {
  return {
    server: planCategories('server', overrides),
    client: planCategories('client', overrides),
    read_only: planCategories('read_only', overrides),
  };
}

/** The limits of a policy that costs nothing this time are asked all the same: every answer shows the same names. */
function listCharges(plan: Plan, events: number): Charge[] {
  return plan.limits.map(({ limit, unit }) => ({ limit, cost: unit === 'request' ? 1 : events }));
}

function planCategories(keyType: KeyType, overrides: LimitOverrides): Record<Category, Plan> {
  return {
    events: planCategory('events', keyType, overrides),
    analytics: planCategory('analytics', keyType, overrides),
    management: planCategory('management', keyType, overrides),
  };
}

function planCategory(category: Category, keyType: KeyType, overrides: LimitOverrides): Plan {
  const limits = POLICIES_BY_CATEGORY[category].flatMap(({ policy, unit }) => {
    const rate = overrides[policy] ?? DEFAULT_RATES[keyType][policy];
    return rate === 'off' ? [] : [{ limit: createLimit(policy, rate), unit }];
  });
  return { limits, policyHeader: formatRateLimitPolicy(limits.map(({ limit }) => limit)) };
}
