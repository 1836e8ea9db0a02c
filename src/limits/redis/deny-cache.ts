import { createBuckets, readBucket, writeBucket } from '../gcra/buckets.ts';
import { countOwedTicks, isOutdated, toBucket } from '../gcra/debt.ts';
import { type AllowedDecision, type Charge, type Decision, decide, decideRefusal } from '../gcra/decide.ts';
import type { BucketCharge } from '../gcra/store.ts';
import { readMonotonicUs } from '../memory.ts';

/** The buckets this process last saw without room, so that requests sure to be denied cost no round trip. */
export type DenyCache = {
  /**
   * Decides from cached state. A denial is final, since other processes can only have spent more; anything else must
   * be checked with the store. Debt shrinks over time, so a cached denial ends with its wait, and a smaller batch may
   * be checked earlier. The states cover only limits that lack room: the others were never read here, or too long
   * ago.
   */
  decide(charges: readonly BucketCharge[]): Decision;
  /**
   * Returns the outcome of charging a refused request when every bucket to be charged is known to be empty, so there
   * is nothing to take; undefined when the store must be called. The states are those of the charged buckets.
   */
  findRefusal(charges: readonly BucketCharge[]): AllowedDecision | undefined;
  /** Caches the debts just read from the shared store when one of the buckets had no room for its charge. */
  record(charges: readonly BucketCharge[], owedTicks: readonly number[]): void;
  clear(): void;
  count(): number;
};

const SWEEP_STEPS_PER_RECORD = 8;

/**
 * Returns an empty cache of at most `bucketsMax` buckets. Buckets that do not fit are checked with the store each
 * time.
 */
export function createDenyCache({
  nowUs = readMonotonicUs,
  bucketsMax = 100_000,
}: {
  nowUs?: () => number;
  bucketsMax?: number;
} = {}): DenyCache {
  let buckets = createBuckets();

  function findOwedTicks({ limit, bucket: name }: BucketCharge, now: number): number {
    const bucket = readBucket(buckets.locate(limit.policy, name));
    // Outdated after a change of the limit: the store recalculates the bucket.
    if (bucket === undefined || isOutdated(limit, bucket, now)) return 0;
    return countOwedTicks(limit, bucket, now);
  }

  const isShort = (charge: BucketCharge, now: number) => lacksRoom(charge, findOwedTicks(charge, now));

  const listOwedTicks = (charges: readonly BucketCharge[], now: number) =>
    charges.map((charge) => findOwedTicks(charge, now));

  return {
    decide(charges) {
      const now = nowUs();
      const short = charges.filter((charge) => isShort(charge, now));
      return decide(listOwedTicks(short, now), short);
    },
    findRefusal(charges) {
      const now = nowUs();
      const paying = charges.filter(({ cost }) => cost !== 0);
      if (!paying.every((charge) => isShort(charge, now))) return undefined;
      const free = paying.map((charge) => ({ ...charge, cost: 0 }));
      return decideRefusal(listOwedTicks(free, now), free);
    },
    record(charges, owedTicks) {
      const now = nowUs();
      buckets.sweep(now, SWEEP_STEPS_PER_RECORD);
      const isDenial = charges.some(({ limit, cost }, index) =>
        lacksRoom({ limit, cost: Math.max(cost, 1) }, owedTicks[index] ?? 0),
      );
      for (const [index, { limit, bucket: name }] of charges.entries()) {
        const ref = buckets.locate(limit.policy, name);
        if (ref.row === undefined && !(isDenial && buckets.count() < bucketsMax)) continue;
        writeBucket(ref, toBucket(limit, owedTicks[index] ?? 0, now));
      }
    },
    clear() {
      buckets = createBuckets();
    },
    count: () => buckets.count(),
  };
}

/** A cost that is not a number also lacks room: `decide` rejects it. */
const lacksRoom = ({ limit, cost }: Charge, owedTicks: number): boolean =>
  !(owedTicks + cost * limit.unitTicks <= limit.burstTicks);
