import { createBuckets, hashOf, type Place, readBucket, writeBucket } from './buckets.ts';
import { countOwedTicks, isOutdated, toBucket } from './debt.ts';
import { type AllowedDecision, type Charge, type Decision, decide, decideRefused } from './decide.ts';
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
  function locatePayer({ limit, cost, bucket, isOpen }: BucketCharge): PlacedCharge {
    const { policy } = limit;
    const own = buckets.locate(policy, bucket);
    const isFull = buckets.countOf(policy) >= openBucketsMax && own.row === undefined;
    const isPooled = isFull && (isOpen ?? OPEN_POLICIES.includes(policy));
    return { limit, cost, place: isPooled ? buckets.locate(policy, sharedNameOf(bucket)) : own };
  }

  function settle<T extends Decision>(
    charges: readonly BucketCharge[],
    decideBy: (owedTicks: readonly number[], charges: readonly Charge[]) => T,
  ): T {
    const now = nowUs();
    buckets.sweep(now, VISITS_PER_CALL);
    const placed = charges.map(locatePayer);
    const decision = decideBy(listOwedTicks(placed, now), placed);
    if (decision.allowed) store(placed, decision, now);
    return decision;
  }

  return {
    peek(charges) {
      const placed = charges.map(locatePayer);
      return decide(listOwedTicks(placed, nowUs()), placed);
    },
    charge: (charges) => settle(charges, decide),
    chargeRefusal: (charges) => settle(charges, decideRefused),
    countBuckets: buckets.count,
  };
}

type PlacedCharge = Charge & { readonly place: Place };

const listOwedTicks = (charges: readonly PlacedCharge[], now: number) =>
  charges.map((charge) => findOwedTicks(charge, now));

/** A bucket counted by other numbers is counted anew at first sight, once: from here on it flows by the new ones. */
function findOwedTicks({ limit, place }: PlacedCharge, now: number): number {
  const bucket = readBucket(place);
  const owedTicks = countOwedTicks(limit, bucket, now);
  if (bucket !== undefined && isOutdated(limit, bucket, now)) {
    writeBucket(place, toBucket(limit, owedTicks, now));
  }
  return owedTicks;
}

function store(charges: readonly PlacedCharge[], { owedTicks }: AllowedDecision, now: number): void {
  for (const [index, { limit, cost, place }] of charges.entries()) {
    if (cost !== 0) writeBucket(place, toBucket(limit, owedTicks[index] ?? 0, now));
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
