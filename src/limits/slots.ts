import {
  createInFlight,
  type InFlight,
  type InFlightTime,
  type Slot,
  type SlotRequester,
} from './in-flight.ts';
import { type MaybePromise, thenMaybe } from './maybe-promise.ts';
import type { Payer, Plan } from './plan.ts';
import { type DecidingPolicy, IN_FLIGHT_POLICY, STREAMS_MAX, STREAMS_POLICY } from './policies.ts';
import type { HeaderFields } from './verdict.ts';
import { addConcurrencyLimit, type DeniedVerdict, denied, type PolicyDecisions } from './verdict.ts';

/** A request for a slot, held while a query runs or a stream is open. */
export type SlotRequest = Payer & { readonly isStream?: boolean };

/** Slots for queries and for open streams. The two never use each other's. */
export type RequestSlots = {
  acquire(plan: Plan, request: SlotRequest, requester: SlotRequester): MaybePromise<Slot | DeniedVerdict>;
  countInFlight: InFlight['count'];
  countStreams(): number;
};

const UNCOUNTED: Slot = { allowed: true, release: () => undefined };

/**
 * Returns the slots of one process. `readHeaders` returns the `RateLimit` fields when nothing is spent; they are missing
 * from denials unless `rateLimitHeaders`.
 */
export function createRequestSlots(options: {
  time: InFlightTime | undefined;
  decisions: Record<DecidingPolicy, PolicyDecisions>;
  rateLimitHeaders: boolean;
  readHeaders: (plan: Plan, request: Payer) => HeaderFields | undefined;
}): RequestSlots {
  const { time, decisions, rateLimitHeaders, readHeaders } = options;
  const [queries, streams] = [createInFlight(time), createInFlight(time)];
  return {
    acquire(plan, request, requester) {
      const { keyId, category, isStream = false } = request;
      if (plan.inFlight === 'off') return UNCOUNTED;
      const policy = isStream ? STREAMS_POLICY : IN_FLIGHT_POLICY;
      const limit = isStream ? STREAMS_MAX : plan.inFlight;
      const acquired = (isStream ? streams : queries).acquire(keyId, limit, requester);
      return thenMaybe(acquired, (result) => {
        decisions[policy][result.allowed ? 'allowed' : 'denied'] += 1;
        if (result.allowed) return result;
        const { retryAfterMs } = result;
        const fields = rateLimitHeaders
          ? addConcurrencyLimit(readHeaders(plan, request), policy, limit.running, retryAfterMs)
          : undefined;
        return denied(policy, category, retryAfterMs, fields);
      });
    },
    countInFlight: queries.count,
    countStreams: () => streams.count().running,
  };
}
