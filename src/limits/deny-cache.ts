import { createBuckets } from './buckets.ts';
import { countOwedTicks, isOutdated, toBucket } from './debt.ts';
import { type AllowedDecision, type Decision, decide, decideRefused } from './decide.ts';
import { readMonotonicUs } from './memory.ts';
import type { BucketCharge } from './store.ts';

/** What this process last saw of buckets that lacked room, so that whoever is denied anyway costs no round trip. */
export type DenyCache = {
  /**
   * Decides by what is known: a denial holds (others can only have spent more), anything else has to be asked. A debt
   * flows back as time passes, so a denial ends when its wait does, and a smaller batch may be asked about earlier.
   */
  decide(charges: readonly BucketCharge[]): Decision;
  /**
   * Returns the answer to the charge of a refused request when every bucket that pays is known to be empty, so that there
   * is nothing to take; undefined when it has to be asked.
   */
  findRefusal(charges: readonly BucketCharge[]): AllowedDecision | undefined;
  /** Remembers what buckets owe, just read from the shared store, when one of them had no room for its charge. */
  note(charges: readonly BucketCharge[], owedTicks: readonly number[]): void;
  clear(): void;
  count(): number;
};

const VISITS_PER_NOTE = 8;

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
    const bucket = buckets.find(limit.policy, name);
    // After a change of the limit it says nothing: the store counts the bucket anew.
    if (bucket === undefined || isOutdated(limit, bucket, now)) return 0;
    return countOwedTicks(limit, bucket, now);
  }

  return {
    decide(charges) {
      const now = nowUs();
      return decide(
        charges.map((charge) => findOwedTicks(charge, now)),
        charges,
      );
    },
    findRefusal(charges) {
      const now = nowUs();
      const owedTicks = charges.map((charge) => findOwedTicks(charge, now));
      const isEmpty = charges.every(
        ({ limit, cost }, index) =>
          cost === 0 || (owedTicks[index] ?? 0) + cost * limit.unitTicks > limit.burstTicks,
      );
      const nothing = charges.map(({ limit }) => ({ limit, cost: 0 }));
      return isEmpty ? decideRefused(owedTicks, nothing) : undefined;
    },
    note(charges, owedTicks) {
      const now = nowUs();
      buckets.sweep(now, VISITS_PER_NOTE);
      const lacksRoom = charges.some(({ limit, cost }, index) => {
        const roomTicks = limit.burstTicks - (owedTicks[index] ?? 0);
        return roomTicks < Math.max(cost, 1) * limit.unitTicks;
      });
      for (const [index, { limit, bucket: name }] of charges.entries()) {
        const isKnown = buckets.find(limit.policy, name) !== undefined;
        if (!isKnown && !(lacksRoom && buckets.count() < bucketsMax)) continue;
        buckets.put(limit.policy, name, toBucket(limit, owedTicks[index] ?? 0, now));
      }
    },
    clear() {
      buckets = createBuckets();
    },
    count: () => buckets.count(),
  };
}
