import { ApiError } from '../../api/errors.ts';
import type { Route } from '../../api/route.ts';
import { EVENT_STREAM } from '../../api/streamed.ts';
import type { Slot } from '../../limits/in-flight.ts';
import { type MaybePromise, thenMaybe } from '../../limits/maybe-promise.ts';
import type { Payer } from '../../limits/plan.ts';
import type { DeniedVerdict, LimitVerdict } from '../../limits/verdict.ts';
import type { AnyCaller, Exchange } from './exchange.ts';
import type { Services } from './services.ts';

/** Returns what a request is charged to: the key, or the person, per project. */
export function toPayer(caller: AnyCaller, { limit: category }: Route): Payer {
  if ('key' in caller) {
    const { key, project, network } = caller;
    const { id: keyId, type: callerType, rateLimits: keyLimits } = key;
    return { keyId, callerType, category, keyLimits, projectLimits: project.rateLimits, network };
  }
  const prefix = 'project' in caller ? `${caller.project.id} ` : '';
  return { keyId: `${prefix}${caller.session.person.id}`, callerType: 'member', category };
}

/** Charges one request if `step` refuses it: a flood of refusals is limited like any other. */
export async function chargeRefusals<T>(
  { limiter }: Services,
  payer: Payer,
  exchange: Exchange,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const isRefusal = error instanceof ApiError && error.code !== 'rate_limited';
    if (isRefusal) Object.assign(exchange.headers, (await limiter.chargeRefusal(payer)).headers);
    throw error;
  }
}

/** Throws 429 with the exact wait, or 413 for a batch larger than the limit ever allows. */
export function requireWithinLimit(exchange: Exchange, verdict: LimitVerdict): void {
  if (verdict.allowed) {
    if (verdict.headers !== undefined) Object.assign(exchange.headers, verdict.headers);
    return;
  }
  if (verdict.impossible) {
    const { cost, burst, policy } = verdict;
    throw new ApiError('payload_too_large', {
      detail: `The batch has ${cost} events, but the limit "${policy}" never allows more than ${burst}. Send smaller batches.`,
    });
  }
  throw rateLimited(verdict, `The limit "${verdict.policy}" of this key is used up.`);
}

/** Returns a slot among the key's concurrent queries. Throws 429 if none comes free within the wait; nothing is charged. */
export function requireSlot(
  { limiter }: Services,
  { answer }: Route,
  exchange: Exchange,
  payer: Payer,
): MaybePromise<Slot> {
  const isStream = answer.contentType === EVENT_STREAM;
  return thenMaybe(limiter.enter(isStream ? { ...payer, isStream } : payer, exchange), (slot) => {
    if (slot.allowed) return slot;
    throw rateLimited(
      slot,
      `As many queries or streams of this key are running as the limit "${slot.policy}" allows.`,
    );
  });
}

function rateLimited(verdict: DeniedVerdict, sentence: string): ApiError {
  const { category, policy, retryAfterMs, retryAfterSeconds, headers } = verdict;
  return new ApiError('rate_limited', {
    detail: `${sentence} Try again in ${retryAfterSeconds} s.`,
    // The list is the one of draft-ietf-httpapi-ratelimit-headers-11 §5.1.
    members: { category, policy, retry_after_ms: retryAfterMs, 'violated-policies': [policy] },
    headers,
  });
}
