import type { AppflowError } from '../api/errors.ts';
import type { Failure, Outcome } from '../http/transport.ts';
import { type Backoff, decideBackoff } from './backoff.ts';
import type { RetryBudget } from './retry-budget.ts';

/**
 * Called when a call would have to wait, with the error if the server rejected it: returns the error to fail the call with, or
 * undefined to wait.
 */
export type BeforeWait = (waitMs: number, error: AppflowError | undefined) => Error | undefined;

/** How a call passes a gate. Without `beforeWait` it waits as long as necessary. */
export type RunOptions = {
  signal?: AbortSignal | undefined;
  beforeWait?: BeforeWait;
  /** Called for each failure that is retried. */
  onRetry?: (error: AppflowError) => void;
};

/** One per key and name: its calls share a backoff instead of each retrying on its own. */
export type RateLimitGate = {
  /** Makes attempts until one succeeds or a retry would not help. Throws AppflowError, or the signal's reason. */
  run: <T>(attempt: () => Promise<Outcome<T>>, options?: RunOptions) => Promise<T>;
  /** Whether a request may be sent now. */
  isOpen: () => boolean;
};

/** Decides a backoff. A server that rate-limits is healthy and says when to retry; only other failures use the budget. */
export function decideRetry(
  { error, retry }: Failure,
  previousBaseMs: number,
  random: number,
  budget: RetryBudget,
): Backoff {
  const backoff = decideBackoff(previousBaseMs, error.retryAfterMs, random);
  if (retry === 'limited') return backoff;
  return { ...backoff, delayMs: Math.max(backoff.delayMs, budget.spend()) };
}
