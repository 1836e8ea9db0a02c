import { createBuckets, readBucket, writeBucket } from './buckets.ts';
import { countOwedTicks, isOutdated, toBucket } from './debt.ts';
import { type AllowedDecision, type Charge, type Decision, decide, decideRefusal } from './decide.ts';
import { readMonotonicUs } from './memory.ts';
import type { BucketCharge } from './store.ts';

/** What this process last saw of buckets that lacked room, so that whoever is denied anyway costs no round trip. */
export type DenyCache = {
  /**
   * Decides by what is known: a denial holds (others can only have spent more), anything else has to be asked. A debt
   * flows back as time passes, so a denial ends when its wait does, and a smaller batch may be asked about earlier. The
   * states are those of the limits that lack room: of the others nothing true is known, they were never read here or long
   * ago.
   */
  decide(charges: readonly BucketCharge[]): Decision;
  /**
   * Returns the answer to the charge of a refused request when every bucket that pays is known to be empty, so that there
   * is nothing to take; undefined when it has to be asked. The states are those of the buckets that pay.
   */
  findRefusal(charges: readonly BucketCharge[]): AllowedDecision | undefined;
  /** Remembers what buckets owe, just read from the shared store, when one of them had no room for its charge. */
  record(charges: readonly BucketCharge[], owedTicks: readonly number[]): void;
  clear(): void;
  count(): number;
};

const SWEEP_STEPS_PER_RECORD = 8;

/** Returns an empty cache of at most `bucketsMax` buckets; what does not fit is asked about each time. */
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
    // After a change of the limit it says nothing: the store counts the bucket anew.
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

/** A cost that is no number lacks room too: `decide` refuses it. */
const lacksRoom = ({ limit, cost }: Charge, owedTicks: number): boolean =>
  !(owedTicks + cost * limit.unitTicks <= limit.burstTicks);
