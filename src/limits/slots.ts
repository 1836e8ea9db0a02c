import type { HeaderFields } from './headers.ts';
import { type Asker, createInFlight, type InFlight, type InFlightTime, type Slot } from './in-flight.ts';
import type { Payer, Plan } from './plan.ts';
import { type DecidingPolicy, IN_FLIGHT_POLICY, STREAMS_MAX, STREAMS_POLICY } from './policies.ts';
import { type Soon, soon } from './soon.ts';
import { type DeniedVerdict, denied, type PolicyDecisions } from './verdict.ts';

/** A request that wants a slot: for as long as a query takes, or as a stream is open. */
export type Entering = Payer & { readonly isStream?: boolean };

/** The slots of queries and of open streams, which never take one another's. */
export type Slots = {
  enter(plan: Plan, request: Entering, asker: Asker): Soon<Slot | DeniedVerdict>;
  countInFlight: InFlight['count'];
  countStreams(): number;
};

const UNCOUNTED: Slot = { allowed: true, release: () => undefined };

/** Returns the slots of one process. `readHeaders` returns the `RateLimit` fields when nothing is spent. */
export function createSlots(options: {
  time: InFlightTime | undefined;
  decisions: Record<DecidingPolicy, PolicyDecisions>;
  readHeaders: (plan: Plan, request: Payer) => HeaderFields | undefined;
}): Slots {
  const { time, decisions, readHeaders } = options;
  const [queries, streams] = [createInFlight(time), createInFlight(time)];
  return {
    enter(plan, request, asker) {
      const { keyId, category, isStream = false } = request;
      if (plan.inFlight === 'off') return UNCOUNTED;
      const policy = isStream ? STREAMS_POLICY : IN_FLIGHT_POLICY;
      const answer = isStream
        ? streams.enter(keyId, STREAMS_MAX, asker)
        : queries.enter(keyId, plan.inFlight, asker);
      return soon(answer, (known) => {
        decisions[policy][known.allowed ? 'allowed' : 'denied'] += 1;
        if (known.allowed) return known;
        return denied(policy, category, known.retryAfterMs, readHeaders(plan, request));
      });
    },
    countInFlight: queries.count,
    countStreams: () => streams.count().running,
  };
}
