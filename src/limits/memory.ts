import { createBuckets, hashOf } from './buckets.ts';
import { countOwedTicks, isOutdated, toBucket } from './debt.ts';
import { type AllowedDecision, type Decision, decide, decideRefused } from './decide.ts';
import { OPEN_POLICIES } from './policies.ts';
import type { BucketCharge, LimitStore } from './store.ts';

/** The buckets of one process: it answers at once. */
export type MemoryLimiter = Omit<LimitStore, 'peek' | 'charge' | 'chargeRefusal'> & {
  peek(charges: readonly BucketCharge[]): Decision;
  charge(charges: readonly BucketCharge[]): Decision;
  chargeRefusal(charges: readonly BucketCharge[]): AllowedDecision;
};

/** Four buckets are added by a call at the most, so the sweep looks at more than grow: memory stays bounded. */
const VISITS_PER_CALL = 8;

/** Buckets of its own that a policy open to everyone may have; 20 MB of memory each. */
const OPEN_BUCKETS_MAX = 200_000;

/**
 * Returns a limiter that keeps its buckets in memory. `nowUs`: whole microseconds of a clock that never steps back.
 * It holds no timer: each call sweeps a few buckets, and only full ones go, so that no offender is forgotten. When more
 * addresses come than there is room for, those without a bucket share a few: a flood cannot wash an offender out.
 */
export function createMemoryLimiter({
  nowUs = readMonotonicUs,
  openBucketsMax = OPEN_BUCKETS_MAX,
}: {
  nowUs?: () => number;
  openBucketsMax?: number;
} = {}): MemoryLimiter {
  const buckets = createBuckets();

  /** Whose bucket pays: the one asked for, or a shared one when there is no room for another. */
  function nameOf({
    limit: { policy },
    bucket,
    isOpen = OPEN_POLICIES.includes(policy),
  }: BucketCharge): string {
    if (!isOpen || buckets.countOf(policy) < openBucketsMax) return bucket;
    return buckets.find(policy, bucket) === undefined ? sharedNameOf(bucket) : bucket;
  }

  /** A bucket counted by other numbers is counted anew at first sight, once: from here on it flows by the new ones. */
  function findOwedTicks(charge: BucketCharge, now: number): number {
    const { limit } = charge;
    const name = nameOf(charge);
    const bucket = buckets.find(limit.policy, name);
    const owedTicks = countOwedTicks(limit, bucket, now);
    if (bucket !== undefined && isOutdated(limit, bucket, now)) {
      buckets.put(limit.policy, name, toBucket(limit, owedTicks, now));
    }
    return owedTicks;
  }

  const listOwedTicks = (charges: readonly BucketCharge[], now: number) =>
    charges.map((charge) => findOwedTicks(charge, now));

  function store(charges: readonly BucketCharge[], { owedTicks }: AllowedDecision, now: number): void {
    for (const [index, charge] of charges.entries()) {
      if (charge.cost === 0) continue;
      const { limit } = charge;
      buckets.put(limit.policy, nameOf(charge), toBucket(limit, owedTicks[index] ?? 0, now));
    }
  }

  return {
    peek(charges) {
      const now = nowUs();
      return decide(listOwedTicks(charges, now), charges);
    },
    charge(charges) {
      const now = nowUs();
      buckets.sweep(now, VISITS_PER_CALL);
      const decision = decide(listOwedTicks(charges, now), charges);
      if (decision.allowed) store(charges, decision, now);
      return decision;
    },
    chargeRefusal(charges) {
      const now = nowUs();
      buckets.sweep(now, VISITS_PER_CALL);
      const decision = decideRefused(listOwedTicks(charges, now), charges);
      store(charges, decision, now);
      return decision;
    },
    countBuckets: buckets.count,
  };
}

const SHARED_BUCKETS = 4096;

/** One of a few buckets, the same for the same name. No name of one's own starts like this. */
const sharedNameOf = (bucket: string): string => `~${hashOf(bucket) % SHARED_BUCKETS}`;

/** Returns whole microseconds since some fixed moment, unmoved by whoever sets the wall clock. */
export function readMonotonicUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000_000 + Math.floor(nanoseconds / 1000);
}
