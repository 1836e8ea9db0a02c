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
};

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
  const plans = {
    server: planCategories('server', overrides),
    client: planCategories('client', overrides),
    read_only: planCategories('read_only', overrides),
  };

  function writeHeaders(plan: Plan, states: readonly LimitState[]): HeaderFields | undefined {
    if (!rateLimitHeaders) return undefined;
    return { 'RateLimit-Policy': plan.policyHeader, RateLimit: formatRateLimit(states) };
  }

  function conclude(decision: Decision, plan: Plan, category: Category): Verdict {
    if (decision.allowed) return { allowed: true, headers: writeHeaders(plan, decision.states) };
    if (decision.impossible) return { ...decision, category };
    const { policy, retryAfterMs, states } = decision;
    const retryAfterSeconds = countRetryAfterSeconds(retryAfterMs);
    const headers = { 'Retry-After': String(retryAfterSeconds), ...writeHeaders(plan, states) };
    return { allowed: false, impossible: false, policy, category, retryAfterSeconds, retryAfterMs, headers };
  }

  return {
    peek({ keyId, keyType, category }) {
      const plan = plans[keyType][category];
      if (plan.limits.length === 0) return UNLIMITED;
      return conclude(store.peek(keyId, listCharges(plan, 0)), plan, category);
    },
    charge({ keyId, keyType, category, events = 0 }) {
      const plan = plans[keyType][category];
      if (plan.limits.length === 0) return UNLIMITED;
      return conclude(store.charge(keyId, listCharges(plan, events)), plan, category);
    },
    chargeRefusal({ keyId, keyType, category }) {
      const plan = plans[keyType][category];
      if (plan.limits.length === 0) return UNLIMITED;
      const { states } = store.chargeRefusal(keyId, listCharges(plan, 0));
      return { allowed: true, headers: writeHeaders(plan, states) };
    },
    chargeFailedAuthentication: createFailedAuthenticationLimit(store, overrides),
    countBuckets: store.countBuckets,
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
