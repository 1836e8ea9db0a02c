/** All limits. The names appear in `RateLimit-Policy` and in error bodies: never rename one. */
export type PolicyName =
  | 'events-requests'
  | 'events'
  | 'events-ip-requests'
  | 'events-ip'
  | 'analytics'
  | 'management'
  | 'failed-auth'
  | 'leak-hook'
  | 'sign-in'
  | 'sign-in-account'
  | 'sign-in-code';

/** `rate` units refill per `perSeconds` (default: one second). `burst` is what may be spent in one go after a pause. */
export type PolicyRate = { readonly rate: number; readonly burst: number; readonly perSeconds?: number };

/**
 * A policy in exact arithmetic. One unit refills every `unitTicks / ticksPerUs` microseconds, a fraction in lowest
 * terms: 3 per second is 1,000,000/3. Only whole ticks are added, so nothing is ever rounded and nothing drifts.
 */
export type Limit = {
  readonly policy: PolicyName;
  readonly burst: number;
  /** Seconds in which an empty bucket refills, rounded up: `w` of `RateLimit-Policy`. */
  readonly windowSeconds: number;
  readonly ticksPerUs: number;
  readonly unitTicks: number;
  readonly burstTicks: number;
};

/** Half of a double's exact integer range, so that adding a clock reading in epoch microseconds stays exact too. */
const BURST_TICKS_MAX = 2n ** 52n;
const RATE_MAX = 1_000_000_000;
/** The largest integer a header field can hold (RFC 9651 §3.3.1). */
const BURST_MAX = 999_999_999_999_999;
const MILLIONTHS = 1_000_000;

/**
 * Returns the exact limit of a policy. Throws RangeError on anything `findRateMistake` reports: check user input with
 * that first.
 */
export function createLimit(policy: PolicyName, { rate, burst, perSeconds = 1 }: PolicyRate): Limit {
  const mistake = findRateMistake({ rate, burst, perSeconds });
  if (mistake !== undefined) throw new RangeError(`Limit ${policy}: ${mistake}.`);
  const { unitTicks, ticksPerUs } = reduceInterval(rate, perSeconds);
  const burstTicks = unitTicks * BigInt(burst);
  const windowTicks = ticksPerUs * 1_000_000n;
  return {
    policy,
    burst,
    windowSeconds: Number((burstTicks + windowTicks - 1n) / windowTicks),
    ticksPerUs: Number(ticksPerUs),
    unitTicks: Number(unitTicks),
    burstTicks: Number(burstTicks),
  };
}

/**
 * Returns what is wrong with a rate and burst, as the end of a sentence, or undefined when they can be counted
 * exactly.
 */
export function findRateMistake({ rate, burst, perSeconds = 1 }: PolicyRate): string | undefined {
  if (!Number.isFinite(rate)) return 'the rate is not a number';
  if (rate <= 0) return 'the rate must be above 0';
  if (rate > RATE_MAX) return `the rate must be at most ${RATE_MAX}`;
  // Dividing yields the same double exactly when the rate has six decimals or fewer.
  if (Math.round(rate * MILLIONTHS) / MILLIONTHS !== rate) return 'the rate has more than 6 decimals';
  if (!Number.isSafeInteger(burst)) return 'the burst is not a whole number';
  if (burst < 1) return 'the burst must be at least 1';
  if (burst > BURST_MAX) return `the burst must be at most ${BURST_MAX}`;
  const { unitTicks } = reduceInterval(rate, perSeconds);
  if (unitTicks * BigInt(burst) > BURST_TICKS_MAX) {
    return 'this burst at this rate is too large to count exactly; take a smaller burst or a rate with fewer decimals';
  }
  return undefined;
}

/** The time one unit takes to refill, as ticks over ticks per microsecond in lowest terms. */
function reduceInterval(rate: number, perSeconds: number): { unitTicks: bigint; ticksPerUs: bigint } {
  const unitTicks = BigInt(perSeconds) * 1_000_000n * BigInt(MILLIONTHS);
  const ticksPerUs = BigInt(Math.round(rate * MILLIONTHS));
  const divisor = findCommonDivisor(unitTicks, ticksPerUs);
  return { unitTicks: unitTicks / divisor, ticksPerUs: ticksPerUs / divisor };
}

function findCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : findCommonDivisor(b, a % b);
}
