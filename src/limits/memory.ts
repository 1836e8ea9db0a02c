import { type Bucket, createBuckets } from './buckets.ts';
import { type AllowedDecision, type Charge, type Decision, decide, decideRefused } from './decide.ts';
import type { Limit } from './limit.ts';

/** The limiter of one process. Buckets belong to the key id that verification resolved, never to a raw header. */
export type MemoryLimiter = {
  /** Decides without spending. */
  peek(keyId: string, charges: readonly Charge[]): Decision;
  /** Decides and, when allowed, spends; all charges or none. */
  charge(keyId: string, charges: readonly Charge[]): Decision;
  /** Spends what is there, up to the cost, and never denies. */
  chargeRefusal(keyId: string, charges: readonly Charge[]): AllowedDecision;
  /** Buckets held: those not full, and those the sweep has not come by yet. */
  countBuckets(): number;
};

/** Two buckets are added by a call at the most, so the sweep looks at more than grow: memory stays bounded. */
const VISITS_PER_CALL = 8;

/**
 * Returns a limiter that keeps its buckets in memory. `nowUs`: whole microseconds of a clock that never steps back.
 * It holds no timer: each call sweeps a few buckets, and only full ones go, so that no offender is forgotten.
 */
export function createMemoryLimiter({
  nowUs = readMonotonicUs,
}: {
  nowUs?: () => number;
} = {}): MemoryLimiter {
  const buckets = createBuckets();

  /** A bucket counted by another rate is counted anew at first sight, once: from here on it flows at the new rate. */
  function findTats(keyId: string, charges: readonly Charge[], now: number) {
    return charges.map(({ limit }) => {
      const bucket = buckets.find(limit.policy, keyId);
      if (bucket === undefined || bucket.unitUs === unitUsOf(limit)) return bucket;
      const recounted = recount(bucket, limit, now);
      buckets.put(limit.policy, keyId, recounted);
      return recounted;
    });
  }

  function store(keyId: string, charges: readonly Charge[], { tats }: AllowedDecision): void {
    for (const [index, { limit, cost }] of charges.entries()) {
      const tat = tats[index];
      if (tat === undefined || cost === 0) continue;
      buckets.put(limit.policy, keyId, { us: tat.us, ticks: tat.ticks, unitUs: unitUsOf(limit) });
    }
  }

  return {
    peek(keyId, charges) {
      const now = nowUs();
      return decide(findTats(keyId, charges, now), charges, now);
    },
    charge(keyId, charges) {
      const now = nowUs();
      buckets.sweep(now, VISITS_PER_CALL);
      const decision = decide(findTats(keyId, charges, now), charges, now);
      if (decision.allowed) store(keyId, charges, decision);
      return decision;
    },
    chargeRefusal(keyId, charges) {
      const now = nowUs();
      buckets.sweep(now, VISITS_PER_CALL);
      const decision = decideRefused(findTats(keyId, charges, now), charges, now);
      store(keyId, charges, decision);
      return decision;
    },
    countBuckets() {
      return buckets.count();
    },
  };
}

const unitUsOf = ({ unitTicks, ticksPerUs }: Limit): number => unitTicks / ticksPerUs;

/**
 * Carries what is owed, in units, from the limit a bucket was counted by to `limit`: a change of the rate neither
 * forgives what was spent nor makes more of it, and nobody is locked out longer than the new burst takes to flow back.
 */
function recount(bucket: Bucket, limit: Limit, nowUs: number): Bucket {
  // The ticks are a part of one microsecond: counted as a whole one, so that nothing is given away.
  const owedUs = Math.max(0, bucket.us - nowUs + (bucket.ticks > 0 ? 1 : 0));
  const owedTicks = Math.min(Math.ceil((owedUs / bucket.unitUs) * limit.unitTicks), limit.burstTicks);
  const wholeUs = Math.floor(owedTicks / limit.ticksPerUs);
  return { us: nowUs + wholeUs, ticks: owedTicks - wholeUs * limit.ticksPerUs, unitUs: unitUsOf(limit) };
}

/** Since some fixed moment, unmoved by whoever sets the wall clock. Whole, as the arithmetic needs. */
function readMonotonicUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000_000 + Math.floor(nanoseconds / 1000);
}
