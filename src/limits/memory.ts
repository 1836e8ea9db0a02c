import { type BucketRef, createBuckets, hashOf, readBucket, writeBucket } from './buckets.ts';
import { countOwedTicks, isOutdated, toBucket } from './debt.ts';
import { type AllowedDecision, type Charge, type Decision, decide, decideRefusal } from './decide.ts';
import { OPEN_POLICIES } from './policies.ts';
import type { BucketCharge, LimitStore } from './store.ts';

/** The buckets of one process: it answers at once. */
export type MemoryLimiter = Omit<LimitStore, 'peek' | 'charge' | 'chargeRefusal'> & {
  peek(charges: readonly BucketCharge[]): Decision;
  charge(charges: readonly BucketCharge[]): Decision;
  chargeRefusal(charges: readonly BucketCharge[]): AllowedDecision;
};

/** Four buckets are added by a call at the most, so the sweep looks at more than grow: memory stays bounded. */
const SWEEP_STEPS_PER_CALL = 8;

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
  function locateCharge({ limit, cost, bucket, isOpen }: BucketCharge): LocatedCharge {
    const { policy } = limit;
    const own = buckets.locate(policy, bucket);
    const isFull = buckets.countOf(policy) >= openBucketsMax && own.row === undefined;
    const isPooled = isFull && (isOpen ?? OPEN_POLICIES.includes(policy));
    return { limit, cost, ref: isPooled ? buckets.locate(policy, sharedNameOf(bucket)) : own };
  }

  function decideAndStore<T extends Decision>(
    charges: readonly BucketCharge[],
    decideBy: (owedTicks: readonly number[], charges: readonly Charge[]) => T,
  ): T {
    const now = nowUs();
    buckets.sweep(now, SWEEP_STEPS_PER_CALL);
    const located = charges.map(locateCharge);
    const decision = decideBy(listOwedTicks(located, now), located);
    if (decision.allowed) store(located, decision, now);
    return decision;
  }

  return {
    peek(charges) {
      const located = charges.map(locateCharge);
      return decide(listOwedTicks(located, nowUs()), located);
    },
    charge: (charges) => decideAndStore(charges, decide),
    chargeRefusal: (charges) => decideAndStore(charges, decideRefusal),
    countBuckets: buckets.count,
  };
}

type LocatedCharge = Charge & { readonly ref: BucketRef };

const listOwedTicks = (charges: readonly LocatedCharge[], now: number) =>
  charges.map((charge) => findOwedTicks(charge, now));

/** A bucket counted by other numbers is counted anew at first sight, once: from here on it flows by the new ones. */
function findOwedTicks({ limit, ref }: LocatedCharge, now: number): number {
  const bucket = readBucket(ref);
  const owedTicks = countOwedTicks(limit, bucket, now);
  if (bucket !== undefined && isOutdated(limit, bucket, now)) {
    writeBucket(ref, toBucket(limit, owedTicks, now));
  }
  return owedTicks;
}

function store(charges: readonly LocatedCharge[], { owedTicks }: AllowedDecision, now: number): void {
  for (const [index, { limit, cost, ref }] of charges.entries()) {
    if (cost !== 0) writeBucket(ref, toBucket(limit, owedTicks[index] ?? 0, now));
  }
}

const SHARED_BUCKETS = 4096;

/** One of a few buckets, the same for the same name. No name of one's own starts like this. */
const sharedNameOf = (bucket: string): string => `~${hashOf(bucket) % SHARED_BUCKETS}`;

/** Returns whole microseconds since some fixed moment, unmoved by whoever sets the wall clock. */
export function readMonotonicUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000_000 + Math.floor(nanoseconds / 1000);
}
