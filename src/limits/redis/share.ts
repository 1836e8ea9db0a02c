import type { Limit, PolicyName } from '../gcra/limit.ts';
import type { BucketCharge } from '../gcra/store.ts';
import { SDK_EVENTS_PER_BATCH_MAX } from '../policies.ts';

const EVENT_POLICIES: readonly PolicyName[] = ['events', 'events-ip'];

/**
 * Returns the function that computes the share of a limit for one of `processes`: that fraction of the rate and of
 * the burst, but at least one request or, where events are counted, the largest batch, so that sharing makes nothing
 * impossible.
 */
export function createShares(): (charges: readonly BucketCharge[], processes: number) => BucketCharge[] {
  const known = new WeakMap<Limit, { processes: number; share: Limit }>();

  function shareOf(limit: Limit, processes: number): Limit {
    const entry = known.get(limit);
    if (entry?.processes === processes) return entry.share;
    const share = divide(limit, processes);
    known.set(limit, { processes, share });
    return share;
  }

  return (charges, processes) =>
    charges.map((charge) => {
      const share = shareOf(charge.limit, processes);
      return { ...charge, limit: share, cost: Math.min(charge.cost, share.burst) };
    });
}

function divide(limit: Limit, processes: number): Limit {
  const callMax = EVENT_POLICIES.includes(limit.policy) ? SDK_EVENTS_PER_BATCH_MAX : 1;
  const burst = Math.max(Math.floor(limit.burst / processes), Math.min(callMax, limit.burst));
  // A unit takes that many times as long to refill, so whole ticks stay whole.
  const unitTicks = limit.unitTicks * processes;
  return { ...limit, burst, unitTicks, burstTicks: unitTicks * burst };
}
