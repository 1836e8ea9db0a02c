import type { Limit, PolicyName } from './limit.ts';
import { EVENTS_PER_BATCH_MAX } from './policies.ts';
import type { BucketCharge } from './store.ts';

const EVENT_POLICIES: readonly PolicyName[] = ['events', 'events-ip'];

/**
 * Returns the function that gives one of `processes` its part of a limit: that part of the rate, and of the burst, but
 * never less than one call or, where events are counted, the largest batch: a part must not make anything impossible.
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
  const callMax = EVENT_POLICIES.includes(limit.policy) ? EVENTS_PER_BATCH_MAX : 1;
  const burst = Math.max(Math.floor(limit.burst / processes), Math.min(callMax, limit.burst));
  // One unit takes so many times as long to flow back: whole ticks stay whole.
  const unitTicks = limit.unitTicks * processes;
  return { ...limit, burst, unitTicks, burstTicks: unitTicks * burst };
}
