import type { Limit } from './limit.ts';

/**
 * A bucket's theoretical arrival time: when it will be full again. Whole microseconds, and ticks of
 * `1 / limit.ticksPerUs` of one. Two numbers, because one double cannot hold an epoch time and an exact third.
 */
type Tat = { readonly us: number; readonly ticks: number };

/** A bucket's time, and the microseconds a unit took to flow back under the limit it was counted by. */
export type Bucket = Tat & { readonly unitUs: number };

/**
 * Returns the ticks until a bucket is full under `limit`, at `nowUs` (whole microseconds of the clock that made the
 * bucket; undefined is a full one), at most one burst. More was owed only before the burst was lowered or a clock
 * stepped back. `redis-charge.lua` counts the same way: change both.
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
 * Carries what is owed, in units, from the limit a bucket was counted by to `limit`: a change of the rate neither
 * forgives what was spent nor makes more of it. The ticks are a part of one microsecond: counted as a whole one, so
 * that nothing is given away.
 */
function recountTicks(limit: Limit, { us, ticks, unitUs }: Bucket, nowUs: number): number {
  const owedUs = Math.max(0, us - nowUs + (ticks > 0 ? 1 : 0));
  return Math.ceil((owedUs / unitUs) * limit.unitTicks);
}

/**
 * Whether a bucket was counted by other numbers: another rate, or a burst above this one. It must be written anew, once:
 * judged anew at each look it would flow back by the old ones.
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

/** Microseconds in which one unit flows back. */
export const unitUsOf = ({ unitTicks, ticksPerUs }: Limit): number => unitTicks / ticksPerUs;
