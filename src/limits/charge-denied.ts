import type { DeniedDecision, LimitState } from './gcra/decide.ts';
import type { LimitStore } from './gcra/store.ts';
import { type MaybePromise, thenMaybe } from './maybe-promise.ts';
import { listCharges, type Payer, type Plan } from './plan.ts';

/**
 * When a batch is denied for its events after its body was read, still charges one request, as far as one is left,
 * and no events: reading the body cost work. Client keys are public, so a flood of denials would otherwise be free.
 * Returns the denial with the updated state. Its wait stays exact: when the last request was spent, it lasts until
 * the next one refills.
 */
export function chargeDenied(
  store: Pick<LimitStore, 'chargeRefusal'>,
  plan: Plan,
  request: Payer,
  denial: DeniedDecision,
): MaybePromise<DeniedDecision> {
  const isByEvents = plan.limits.some(
    ({ limit, unit }) => unit === 'event' && limit.policy === denial.policy,
  );
  if (!isByEvents) return denial;
  const spending = store.chargeRefusal(listCharges(plan, request, 0));
  return thenMaybe(spending, ({ states }) => withRemainingRequests(plan, denial, states));
}

function withRemainingRequests(
  { limits }: Plan,
  denial: DeniedDecision,
  remainingStates: readonly LimitState[],
): DeniedDecision {
  const requests = limits.filter(({ unit }) => unit === 'request').map(({ limit }) => limit.policy);
  const spent = remainingStates.filter(({ limit }) => requests.includes(limit.policy));
  // Matched by policy: a shared store reports only the limits that lack room.
  const events = denial.states.filter(({ limit }) => !requests.includes(limit.policy));
  const updated = { ...denial, states: inPlanOrder(limits, [...events, ...spent]) };
  for (const { limit, remaining, resetSeconds } of spent) {
    const waitMs = remaining < 1 ? resetSeconds * 1000 : 0;
    if (waitMs <= updated.retryAfterMs) continue;
    updated.retryAfterMs = waitMs;
    updated.policy = limit.policy;
  }
  return updated;
}

/** In the same order as in every other response. */
const inPlanOrder = (limits: Plan['limits'], states: readonly LimitState[]) =>
  limits.flatMap(({ limit }) => states.filter((state) => state.limit.policy === limit.policy));
