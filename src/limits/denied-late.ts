import type { DeniedDecision, LimitState } from './decide.ts';
import { listCharges, type Payer, type Plan } from './plan.ts';
import { type MaybePromise, thenMaybe } from './soon.ts';
import type { LimitStore } from './store.ts';

/**
 * Spends the request of a batch whose events were denied, once its body was read, as far as there is one; no event.
 * Reading a batch is work: with a client key, which is public, a flood of denials would else be free. Returns the
 * denial with what is left then; its wait is still exact: where the last request went, it lasts until there is another.
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
  // By policy: a store that processes share tells only the limits that lack room.
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

/** As every answer names them. */
const inPlanOrder = (limits: Plan['limits'], states: readonly LimitState[]) =>
  limits.flatMap(({ limit }) => states.filter((state) => state.limit.policy === limit.policy));
