import type { AllowedDecision, Charge, Decision } from './decide.ts';

/** A charge and whose bucket pays it: the id of the key that verification resolved, an address, or both. */
export type BucketCharge = Charge & {
  readonly bucket: string;
  /** Whether anyone can make more such buckets by sending from another address: their number is bounded. */
  readonly isOpen?: boolean;
};

/** Where buckets are kept: in this process, or where all processes share them (a round trip away, so with promises). */
export type LimitStore = {
  /**
   * Decides without spending, from what this process knows: it comes before a body is read and must not wait. Returns
   * undefined when it knows nothing against the charges, nor how much is left.
   */
  peek(charges: readonly BucketCharge[]): Decision | undefined;
  /** Decides and, when allowed, spends; all charges or none. */
  charge(charges: readonly BucketCharge[]): Decision | Promise<Decision>;
  /** Spends what is there, up to the cost, and never denies. */
  chargeRefusal(charges: readonly BucketCharge[]): AllowedDecision | Promise<AllowedDecision>;
  /** Buckets held in this process: those not full, and those a sweep has not come by yet. */
  countBuckets(): number;
  /** How a shared store does; absent where there is nothing to reach. */
  report?(): StoreReport;
};

/** The state of a shared store, for /readyz and metrics. Sentences for people, or undefined. */
export type StoreReport = {
  /** Why each process decides on its own. */
  readonly trouble: string | undefined;
  /** What works but is set up wrong. */
  readonly warning: string | undefined;
  readonly callsAnswered: number;
  readonly callsFailed: number;
  /** Decisions that this process made on its own. */
  readonly localDecisions: number;
  /** Processes that share the limits, this one included, as last known. */
  readonly processes: number;
};
