import {
  type AttemptBucket,
  type AttemptDenial,
  createAddressLimit,
  createAttemptLimit,
} from './attempt-limits.ts';
import { chargeDenied } from './charge-denied.ts';
import type { Decision, LimitState } from './gcra/decide.ts';
import type { PolicyRate } from './gcra/limit.ts';
import type { LimitStore, StoreReport } from './gcra/store.ts';
import type { InFlightTime, Slot, SlotRequester } from './in-flight.ts';
import { type MaybePromise, thenMaybe } from './maybe-promise.ts';
import { createMemoryLimiter } from './memory.ts';
import { createPlanner, listCharges, type Payer, type Plan } from './plan.ts';
import {
  type Category,
  type DecidingPolicy,
  FAILED_AUTH_RATE,
  IN_FLIGHT_POLICY,
  LEAK_HOOK_RATE,
  type LimitOverrides,
  STREAMS_POLICY,
} from './policies.ts';
import { createRequestSlots, type RequestSlots, type SlotRequest } from './slots.ts';
import {
  type AllowedVerdict,
  type DeniedVerdict,
  denied,
  formatRateLimit,
  type HeaderFields,
  type LimitVerdict,
  type PolicyDecisions,
} from './verdict.ts';

/** The rate-limit calls of the request pipeline. */
export type Limiter = {
  /**
   * Before the body is read: checks for room for one more request. Spends nothing. A denial's wait includes one
   * event. When allowed, there are no headers: those of the charge that follows count.
   */
  peek(request: Payer): LimitVerdict;
  /**
   * After the body is read: spends one request and, in category `events`, the events received in the batch, all or
   * nothing. A denial spends no events, but still one request as far as one is left.
   */
  charge(request: Payer & { readonly events?: number }): MaybePromise<LimitVerdict>;
  /**
   * After the body is read: takes a slot among the key's running queries, or open streams, if its category limits
   * them. Waits up to 2 s and rejects with the signal's reason when the caller disconnects. Release it once the
   * response is sent.
   */
  enter(request: SlotRequest, requester: SlotRequester): MaybePromise<Slot | DeniedVerdict>;
  /** For a request refused after the peek (403, 404, 415, 422 …): spends one request as far as one is left. */
  chargeRefusal(request: Payer): MaybePromise<AllowedVerdict>;
  /**
   * After an unknown key: spends one failure of the address (canonical; for IPv6 its /64). Returns undefined, or the
   * seconds for `Retry-After` of 429 `too_many_failed_authentications`. Never call it for a key that verified.
   */
  chargeFailedAuthentication(network: string): MaybePromise<number | undefined>;
  /**
   * Before a report of leaked keys is read: spends one report of the address. Returns undefined, or seconds, as
   * above.
   */
  chargeLeakReport(network: string): MaybePromise<number | undefined>;
  /**
   * Before a password, code or link is checked: spends one failure of each bucket, all or nothing. Returns undefined,
   * or why the attempt is refused.
   */
  chargeAttempt(buckets: readonly AttemptBucket[]): MaybePromise<AttemptDenial | undefined>;
  /** After a correct one, or one that was not checked: refunds what was spent. */
  refundAttempt(buckets: readonly AttemptBucket[]): MaybePromise<void>;
  /** Decision counts of each policy, by name, for metrics: charges and denials, not peeks that were allowed. */
  readonly decisions: Readonly<Record<DecidingPolicy, Readonly<PolicyDecisions>>>;
  /** Running and waiting queries, for metrics. */
  countInFlight: RequestSlots['countInFlight'];
  /** Open streams, for metrics. */
  countStreams(): number;
  /** Buckets held in memory, for metrics and tests. */
  countBuckets(): number;
  /** The state of the shared store; undefined when this process counts on its own. */
  reportStore(): StoreReport | undefined;
};

/** Nothing is limited, or nothing is spent yet: no figures rather than wrong ones. */
const WITHOUT_HEADERS: AllowedVerdict = { allowed: true, headers: undefined };

/** Parts of a limiter. `store` is in memory unless processes share one; `nowUs` as in `createMemoryLimiter`. */
export type LimiterOptions = {
  overrides?: LimitOverrides;
  nowUs?: () => number;
  rateLimitHeaders?: boolean;
  store?: LimitStore;
  inFlightTime?: InFlightTime;
};

/**
 * Returns the limiter of this installation. `overrides` come from `parseLimitSwitches`; with `rateLimitHeaders` false
 * (`RATE_LIMIT_HEADERS=off`), only `Retry-After` remains.
 */
export function createLimiter(options: LimiterOptions = {}): Limiter {
  const { overrides = {}, nowUs, rateLimitHeaders = true } = options;
  const store = options.store ?? createMemoryLimiter(nowUs === undefined ? {} : { nowUs });
  const findPlan = createPlanner(overrides);
  const decisions = createDecisionCounts();

  function formatHeaders(plan: Plan, states: readonly LimitState[], retryAfterMs?: number) {
    if (!rateLimitHeaders) return undefined;
    return { 'RateLimit-Policy': plan.policyHeader, RateLimit: formatRateLimit(states, retryAfterMs) };
  }

  /** The remaining units when nothing is spent; undefined where this process does not know them. */
  function readHeaders(plan: Plan, request: Payer): HeaderFields | undefined {
    if (plan.limits.length === 0) return undefined;
    const free = listCharges(plan, request, 0).map((charge) => ({ ...charge, cost: 0 }));
    const states = store.readStates(free);
    return states && formatHeaders(plan, states);
  }

  const slots = createRequestSlots({ time: options.inFlightTime, decisions, rateLimitHeaders, readHeaders });

  function toVerdict(decision: Decision, plan: Plan, category: Category): LimitVerdict {
    if (decision.allowed) return { allowed: true, headers: formatHeaders(plan, decision.states) };
    if (decision.impossible) {
      decisions[decision.policy].impossible += 1;
      return { ...decision, category };
    }
    decisions[decision.policy].denied += 1;
    const { policy, retryAfterMs, states } = decision;
    return denied(policy, category, retryAfterMs, formatHeaders(plan, states, retryAfterMs));
  }

  return {
    peek(request) {
      const plan = findPlan(request);
      if (plan.limits.length === 0) return WITHOUT_HEADERS;
      const denial = store.peek(listCharges(plan, request, 0));
      if (denial === undefined) return WITHOUT_HEADERS;
      // The retry will bring events: when none are left either, waiting for a request alone would be pointless.
      const next = store.peek(listCharges(plan, request, 1));
      return toVerdict(next ?? denial, plan, request.category);
    },
    charge(request) {
      const { category, events = 0 } = request;
      const plan = findPlan(request);
      if (plan.limits.length === 0) return WITHOUT_HEADERS;
      return thenMaybe(store.charge(listCharges(plan, request, events)), (decision) => {
        if (decision.allowed) for (const { limit } of plan.limits) decisions[limit.policy].allowed += 1;
        if (decision.allowed || decision.impossible) return toVerdict(decision, plan, category);
        const charged = chargeDenied(store, plan, request, decision);
        return thenMaybe(charged, (denial) => toVerdict(denial, plan, category));
      });
    },
    enter: (request, requester) => slots.acquire(findPlan(request), request, requester),
    chargeRefusal(request) {
      const plan = findPlan(request);
      if (plan.limits.length === 0) return WITHOUT_HEADERS;
      const decision = store.chargeRefusal(listCharges(plan, request, 0));
      return thenMaybe(decision, ({ states }) => ({ allowed: true, headers: formatHeaders(plan, states) }));
    },
    ...createKeylessCharges(store, overrides, decisions),
    decisions,
    countBuckets: store.countBuckets,
    reportStore: () => store.report?.(),
    countInFlight: slots.countInFlight,
    countStreams: slots.countStreams,
  };
}

/** Charges for requests without a known key. */
function createKeylessCharges(
  store: LimitStore,
  overrides: LimitOverrides,
  decisions: Record<DecidingPolicy, PolicyDecisions>,
): Pick<Limiter, 'chargeFailedAuthentication' | 'chargeLeakReport' | 'chargeAttempt' | 'refundAttempt'> {
  const createCharger = (policy: 'failed-auth' | 'leak-hook', rate: PolicyRate) =>
    withCount(decisions[policy], createAddressLimit(store, policy, overrides[policy] ?? rate));
  const attempts = createAttemptLimit(store, overrides['sign-in']);
  return {
    chargeFailedAuthentication: createCharger('failed-auth', FAILED_AUTH_RATE),
    chargeLeakReport: createCharger('leak-hook', LEAK_HOOK_RATE),
    chargeAttempt: (buckets) =>
      thenMaybe(attempts.charge(buckets), (denial) => {
        if (denial) decisions[denial.policy].denied += 1;
        else for (const { policy } of buckets) decisions[policy].allowed += 1;
        return denial;
      }),
    refundAttempt: attempts.refund,
  };
}

function withCount<T>(
  tally: PolicyDecisions,
  charge: (subject: T) => MaybePromise<number | undefined>,
): (subject: T) => MaybePromise<number | undefined> {
  return (subject) =>
    thenMaybe(charge(subject), (retryAfterSeconds) => {
      tally[retryAfterSeconds === undefined ? 'allowed' : 'denied'] += 1;
      return retryAfterSeconds;
    });
}

function createDecisionCounts(): Record<DecidingPolicy, PolicyDecisions> {
  const none = () => ({ allowed: 0, denied: 0, impossible: 0 });
  return {
    'events-requests': none(),
    events: none(),
    'events-ip-requests': none(),
    'events-ip': none(),
    analytics: none(),
    [IN_FLIGHT_POLICY]: none(),
    [STREAMS_POLICY]: none(),
    management: none(),
    'failed-auth': none(),
    'leak-hook': none(),
    'sign-in': none(),
    'sign-in-account': none(),
    'sign-in-code': none(),
  };
}
