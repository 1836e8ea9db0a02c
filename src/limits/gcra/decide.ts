import type { Limit, PolicyName } from './limit.ts';

/** What one request costs under one limit, in whole units: 0 only checks, a negative cost refunds. */
export type Charge = { readonly limit: Limit; readonly cost: number };

/** The state of a bucket. `remaining` is what could be spent now, in units: `r` of `RateLimit`. */
export type LimitState = {
  readonly limit: Limit;
  readonly remaining: number;
  /** Whole seconds, at least 1: the wait for a request of this cost, or the time in which `remaining` refills if longer. */
  readonly resetSeconds: number;
};

/** Every limit had room. `owedTicks` is the new debt of each bucket, in the order of the charges. */
export type AllowedDecision = {
  readonly allowed: true;
  readonly owedTicks: readonly number[];
  readonly states: readonly LimitState[];
};

/** A limit lacked room, and nothing changes. `policy` is the one with the longest wait. */
export type DeniedDecision = {
  readonly allowed: false;
  readonly impossible: false;
  readonly policy: PolicyName;
  /** Milliseconds, at least 1, after which the same charges are allowed if nothing else is spent meanwhile. */
  readonly retryAfterMs: number;
  readonly states: readonly LimitState[];
};

/** The cost exceeds the burst: no wait would help (413, never 429), and nothing changes. */
export type ImpossibleDecision = {
  readonly allowed: false;
  readonly impossible: true;
  readonly policy: PolicyName;
  readonly cost: number;
  readonly burst: number;
};

/** Why charges cannot be made. */
export type Denial = DeniedDecision | ImpossibleDecision;

/** The outcome for a request. */
export type Decision = AllowedDecision | Denial;

/**
 * Decides all limits of a request together, all or nothing. `owedTicks` is each bucket's current debt
 * (`countOwedTicks`), 0 when full. Throws RangeError on a cost that is not a whole number.
 *
 * The generic cell rate algorithm in its virtual scheduling form (ITU-T I.371, annex A; ATM Forum Traffic Management
 * 4.1, 4.4.2). Its tolerance is the burst minus one unit, so that exactly `burst` units are allowed back to back.
 */
export function decide(owedTicks: readonly number[], charges: readonly Charge[]): Decision {
  return findDenial(owedTicks, charges) ?? decideRefusal(owedTicks, charges);
}

/** Returns why the charges cannot be made; undefined if they can. Arguments and errors as `decide`. */
export function findDenial(owedTicks: readonly number[], charges: readonly Charge[]): Denial | undefined {
  const impossible = findImpossible(charges);
  if (impossible !== undefined) return impossible;
  const denial = findLongestWait(owedTicks, charges);
  if (denial === undefined) return undefined;
  return { allowed: false, impossible: false, ...denial, states: describeStates(owedTicks, charges) };
}

/** Returns the state of each bucket that owes this much, in the order of the charges. */
export function describeStates(owedTicks: readonly number[], charges: readonly Charge[]): LimitState[] {
  return charges.map((charge, index) => describeState(charge, owedTicks[index] ?? 0));
}

/**
 * Charges without ever denying: takes the cost or whatever is left. For requests refused for another reason, whose
 * response must keep that reason.
 */
export function decideRefusal(owedTicks: readonly number[], charges: readonly Charge[]): AllowedDecision {
  const afterTicks = charges.map(({ limit, cost }, index) =>
    Math.min(Math.max((owedTicks[index] ?? 0) + cost * limit.unitTicks, 0), limit.burstTicks),
  );
  return { allowed: true, owedTicks: afterTicks, states: describeStates(afterTicks, charges) };
}

function findImpossible(charges: readonly Charge[]): ImpossibleDecision | undefined {
  for (const { limit, cost } of charges) {
    if (!Number.isSafeInteger(cost)) throw new RangeError(`A cost is a whole number of units, not ${cost}.`);
    if (cost > limit.burst) {
      return { allowed: false, impossible: true, policy: limit.policy, cost, burst: limit.burst };
    }
  }
  return undefined;
}

function findLongestWait(
  owedTicks: readonly number[],
  charges: readonly Charge[],
): { policy: PolicyName; retryAfterMs: number } | undefined {
  let longest: { policy: PolicyName; retryAfterMs: number } | undefined;
  let index = 0;
  for (const { limit, cost } of charges) {
    const retryAfterMs = countWaitMs(limit, owedTicks[index] ?? 0, cost);
    if (retryAfterMs > (longest?.retryAfterMs ?? 0)) longest = { policy: limit.policy, retryAfterMs };
    index += 1;
  }
  return longest;
}

/** Milliseconds, rounded up, until `cost` units fit on top of the debt. */
function countWaitMs(limit: Limit, owedTicks: number, cost: number): number {
  const missingTicks = owedTicks + cost * limit.unitTicks - limit.burstTicks;
  if (missingTicks <= 0) return 0;
  return Math.ceil(Math.ceil(missingTicks / limit.ticksPerUs) / 1000);
}

/**
 * For `t` of `RateLimit`: the wait for the cost just requested, not for a full bucket. Clients may read `r` per `t` as a rate
 * (draft-ietf-httpapi-ratelimit-headers-11 §8.5), so that is never above the limit's.
 */
function describeState({ limit, cost }: Charge, owedTicks: number): LimitState {
  const remaining = Math.floor((limit.burstTicks - owedTicks) / limit.unitTicks);
  const waitMs = countWaitMs(limit, owedTicks, Math.max(cost, 1));
  const refillSeconds = (remaining * limit.unitTicks) / limit.ticksPerUs / 1_000_000;
  return { limit, remaining, resetSeconds: Math.max(1, Math.ceil(waitMs / 1000), Math.ceil(refillSeconds)) };
}
