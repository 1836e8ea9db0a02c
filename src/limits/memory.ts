import { createBuckets } from './buckets.ts';
import { type AllowedDecision, type Charge, type Decision, decide, decideRefused } from './decide.ts';

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

  function findTats(keyId: string, charges: readonly Charge[]) {
    return charges.map(({ limit }) => buckets.find(limit.policy, keyId));
  }

  function store(keyId: string, charges: readonly Charge[], { tats }: AllowedDecision): void {
    for (const [index, { limit, cost }] of charges.entries()) {
      const tat = tats[index];
      if (tat !== undefined && cost !== 0) buckets.put(limit.policy, keyId, tat);
    }
  }

  return {
    peek(keyId, charges) {
      return decide(findTats(keyId, charges), charges, nowUs());
    },
    charge(keyId, charges) {
      const now = nowUs();
      buckets.sweep(now, VISITS_PER_CALL);
      const decision = decide(findTats(keyId, charges), charges, now);
      if (decision.allowed) store(keyId, charges, decision);
      return decision;
    },
    chargeRefusal(keyId, charges) {
      const now = nowUs();
      buckets.sweep(now, VISITS_PER_CALL);
      const decision = decideRefused(findTats(keyId, charges), charges, now);
      store(keyId, charges, decision);
      return decision;
    },
    countBuckets() {
      return buckets.count();
    },
  };
}

/** Since some fixed moment, unmoved by whoever sets the wall clock. Whole, as the arithmetic needs. */
function readMonotonicUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000_000 + Math.floor(nanoseconds / 1000);
}
