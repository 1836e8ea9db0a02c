import { type BucketRef, createBuckets, hashOf, readBucket, writeBucket } from './gcra/buckets.ts';
import { countOwedTicks, isOutdated, toBucket } from './gcra/debt.ts';
import {
  type AllowedDecision,
  type Charge,
  type Decision,
  decide,
  decideRefusal,
  describeStates,
  findDenial,
  type LimitState,
} from './gcra/decide.ts';
import type { BucketCharge, LimitStore } from './gcra/store.ts';
import { OPEN_POLICIES } from './policies.ts';

/** The buckets of one process. Returns decisions synchronously. */
export type MemoryLimiter = Omit<LimitStore, 'readStates' | 'charge' | 'chargeRefusal'> & {
  readStates(charges: readonly BucketCharge[]): LimitState[];
  charge(charges: readonly BucketCharge[]): Decision;
  chargeRefusal(charges: readonly BucketCharge[]): AllowedDecision;
};

/** A request adds at most four buckets, so the sweep checks more than are added: memory stays bounded. */
const SWEEP_STEPS_PER_CALL = 8;

/** Own buckets per policy that is open to anyone; 20 MB of memory each. */
const OPEN_BUCKETS_MAX = 200_000;

/**
 * Returns a limiter that keeps its buckets in memory. `nowUs`: whole microseconds of a clock that never steps back.
 * It has no timer: each call sweeps a few buckets, and only full ones are removed, so no offender is forgotten. When
 * there are more addresses than room, those without a bucket share a few: a flood cannot evict an offender.
 */
export function createMemoryLimiter({
  nowUs = readMonotonicUs,
  openBucketsMax = OPEN_BUCKETS_MAX,
}: {
  nowUs?: () => number;
  openBucketsMax?: number;
} = {}): MemoryLimiter {
  const buckets = createBuckets();

  /** The bucket to charge: the requested one, or a shared one when there is no room for another. */
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
      return findDenial(listOwedTicks(located, nowUs()), located);
    },
    readStates(charges) {
      const located = charges.map(locateCharge);
      return describeStates(listOwedTicks(located, nowUs()), located);
    },
    charge: (charges) => decideAndStore(charges, decide),
    chargeRefusal: (charges) => decideAndStore(charges, decideRefusal),
    countBuckets: buckets.count,
  };
}

type LocatedCharge = Charge & { readonly ref: BucketRef };

const listOwedTicks = (charges: readonly LocatedCharge[], now: number) =>
  charges.map((charge) => findOwedTicks(charge, now));

/** Rewrites an outdated bucket on first use, once: from then on it refills under the new limit. */
function findOwedTicks({ limit, ref }: LocatedCharge, now: number): number {
  const bucket = readBucket(ref);
  const owedTicks = countOwedTicks(limit, bucket, now);
  if (bucket !== undefined && isOutdated(limit, bucket, now)) {
    writeBucket(ref, toBucket(limit, owedTicks, now));
  }
  return owedTicks;
}

function store(charges: readonly LocatedCharge[], { owedTicks }: AllowedDecision, now: number): void {
  let index = 0;
  for (const { limit, cost, ref } of charges) {
    if (cost !== 0) writeBucket(ref, toBucket(limit, owedTicks[index] ?? 0, now));
    index += 1;
  }
}

const SHARED_BUCKETS = 4096;

/** One of a few shared buckets, always the same for the same name. No regular name starts with `~`. */
const sharedNameOf = (bucket: string): string => `~${hashOf(bucket) % SHARED_BUCKETS}`;

/** Returns whole microseconds since a fixed moment, unaffected by changes of the wall clock. */
export function readMonotonicUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000_000 + Math.floor(nanoseconds / 1000);
}
