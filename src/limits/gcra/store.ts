import type { AllowedDecision, Charge, Decision, Denial, LimitState } from './decide.ts';

/** A charge and the name of the bucket it is charged to: the id of the verified key, an address, or both. */
export type BucketCharge = Charge & {
  readonly bucket: string;
  /** Whether anyone can create more such buckets by sending from another address. Their count is then bounded. */
  readonly isOpen?: boolean;
};

/** Where buckets are kept: in this process, or shared by all processes (a round trip away, hence the promises). */
export type LimitStore = {
  /**
   * Returns why the charges would be denied, from what this process knows: it runs before the body is read and must not
   * wait. Returns undefined when this process knows no reason.
   */
  peek(charges: readonly BucketCharge[]): Denial | undefined;
  /** Returns the state of each bucket without spending; undefined when this process does not know it. */
  readStates(charges: readonly BucketCharge[]): readonly LimitState[] | undefined;
  /** Decides and, when allowed, spends: all charges or none. */
  charge(charges: readonly BucketCharge[]): Decision | Promise<Decision>;
  /** Spends the cost or whatever is left, and never denies. */
  chargeRefusal(charges: readonly BucketCharge[]): AllowedDecision | Promise<AllowedDecision>;
  /** Buckets held in this process: those not full, and full ones not swept yet. */
  countBuckets(): number;
  /** The state of a shared store; absent for stores without a remote side. */
  report?(): StoreReport;
};

/**
 * The state of a shared store, for /readyz and metrics. `problem` and `warning` are sentences for people, or
 * undefined.
 */
export type StoreReport = {
  /** Why each process decides on its own. */
  readonly problem: string | undefined;
  /** A misconfiguration that does not prevent operation. */
  readonly warning: string | undefined;
  readonly callsAnswered: number;
  readonly callsFailed: number;
  /** Decisions this process made on its own. */
  readonly localDecisions: number;
  /** Processes sharing the limits, including this one, as last known. */
  readonly processes: number;
};
