import type { Limit } from './limit.ts';

/**
 * A bucket's theoretical arrival time: when it will be full again. Whole microseconds, plus ticks of `1 /
 * limit.ticksPerUs` microseconds. Two numbers, because one double cannot hold both an epoch time and an exact third.
 */
type Tat = { readonly us: number; readonly ticks: number };

/** A bucket's arrival time, and the microseconds one unit took to refill under the limit it was written with. */
export type Bucket = Tat & { readonly unitUs: number };

/**
 * Returns the ticks until a bucket is full under `limit`, capped at one burst. `nowUs` is in whole microseconds of
 * the clock the bucket was written with; an undefined bucket is full. More than a burst is owed only after the burst
 * was lowered or the clock stepped back. `redis-charge.lua` has the same arithmetic: change both.
 */
export function countOwedTicks(limit: Limit, bucket: Bucket | undefined, nowUs: number): number {
  if (bucket === undefined) return 0;
  const owedTicks =
    bucket.unitUs === unitUsOf(limit)
      ? (bucket.us - nowUs) * limit.ticksPerUs + bucket.ticks
      : recountTicks(limit, bucket, nowUs);
  return Math.min(Math.max(owedTicks, 0), limit.burstTicks);
}

/**
 * Carries the debt, in units, over to a changed limit: a new rate neither forgives nor adds to what was spent. The
 * ticks are a fraction of a microsecond and are rounded up, so that nothing is given away.
 */
function recountTicks(limit: Limit, { us, ticks, unitUs }: Bucket, nowUs: number): number {
  const owedUs = Math.max(0, us - nowUs + (ticks > 0 ? 1 : 0));
  return Math.ceil((owedUs / unitUs) * limit.unitTicks);
}

/**
 * Whether a bucket was written under a different rate, or owes more than the burst. It must then be rewritten once:
 * recalculated on every read, it would keep refilling at the old rate.
 */
export function isOutdated(limit: Limit, bucket: Bucket, nowUs: number): boolean {
  if (bucket.unitUs !== unitUsOf(limit)) return true;
  return (bucket.us - nowUs) * limit.ticksPerUs + bucket.ticks > limit.burstTicks;
}

/** Returns the bucket that owes this much at `nowUs`. */
export function toBucket(limit: Limit, owedTicks: number, nowUs: number): Bucket {
  const wholeUs = Math.floor(owedTicks / limit.ticksPerUs);
  return {
    us: nowUs + wholeUs,
    ticks: owedTicks - wholeUs * limit.ticksPerUs,
    unitUs: unitUsOf(limit),
  };
}

/** Microseconds in which one unit refills. */
export const unitUsOf = ({ unitTicks, ticksPerUs }: Limit): number => unitTicks / ticksPerUs;
