import { ApiError } from '../../api/errors.ts';
import type { Route } from '../../api/route.ts';
import { EVENT_STREAM } from '../../api/streamed.ts';
import type { Slot } from '../../limits/in-flight.ts';
import type { Payer } from '../../limits/plan.ts';
import type { DeniedVerdict, LimitVerdict } from '../../limits/verdict.ts';
import type { AnyCaller, Exchange } from './exchange.ts';
import type { Services } from './services.ts';

export function toPayer(caller: AnyCaller, { limit: category }: Route): Payer {
  if ('key' in caller) {
    const { key, project, network } = caller;
    const { id: keyId, type: keyType, rateLimits: keyLimits } = key;
    return { keyId, callerType: keyType, category, keyLimits, projectLimits: project.rateLimits, network };
  }
  const place = 'project' in caller ? `${caller.project.id} ` : '';
  return { keyId: `${place}${caller.session.person.id}`, callerType: 'member', category };
}

/** A request refused once its key is proved costs one request: a flood of refusals is limited like any other. */
export async function chargeRefusals<T>(
  { limiter }: Services,
  limited: Payer,
  exchange: Exchange,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const isRefusal = error instanceof ApiError && error.code !== 'rate_limited';
    if (isRefusal) Object.assign(exchange.headers, (await limiter.chargeRefusal(limited)).headers);
    throw error;
  }
}

/** Throws 429 with the exact wait, or 413 for a batch that no waiting would let through. */
export function requireWithinLimit(exchange: Exchange, verdict: LimitVerdict): void {
  if (verdict.allowed) {
    Object.assign(exchange.headers, verdict.headers);
    return;
  }
  if (verdict.impossible) {
    const { cost, burst, policy } = verdict;
    throw new ApiError('payload_too_large', {
      detail: `The batch holds ${cost} events, but the limit "${policy}" never lets more than ${burst} through at once.`,
    });
  }
  throw rateLimited(verdict, `The limit "${verdict.policy}" of this key is used up.`);
}

/** Returns the slot. Throws 429 when there was none within the wait: nothing is spent. */
export function requireSlot(entry: Slot | DeniedVerdict): Slot {
  if (entry.allowed) return entry;
  throw rateLimited(entry, `As many of this key run as the limit "${entry.policy}" allows at once.`);
}

export const isStreamRoute = ({ answer }: Route) => answer.contentType === EVENT_STREAM;

function rateLimited(verdict: DeniedVerdict, sentence: string): ApiError {
  const { category, policy, retryAfterMs, retryAfterSeconds, headers } = verdict;
  return new ApiError('rate_limited', {
    detail: `${sentence} Try again in ${retryAfterSeconds} s.`,
    members: { category, policy, retry_after_ms: retryAfterMs },
    headers,
  });
}
