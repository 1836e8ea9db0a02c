const RETRIES_MAX = 10;
const RETRIES_PER_REQUEST = 0.1;
const FREE_RETRY_MS = 60_000;

/** Limits retries during outages and server errors, so that they do not flood a broken server. */
export type RetryBudget = {
  /** Records a request that is not a retry: ten of them earn a retry. */
  earn: () => void;
  /** Takes a retry from the budget; returns how many milliseconds to delay it, 0 unless the budget is used up. */
  spend: () => number;
};

/**
 * Returns a budget of one retry per ten requests, starting with ten and capped at ten. A used-up budget gains one retry per
 * minute: it delays retries, it never gives up.
 */
export function createRetryBudget(monotonicMs: () => number): RetryBudget {
  let balance = RETRIES_MAX;
  let updatedAtMs = monotonicMs();

  function add(retries: number): void {
    const nowMs = monotonicMs();
    balance = Math.min(RETRIES_MAX, balance + (nowMs - updatedAtMs) / FREE_RETRY_MS + retries);
    updatedAtMs = nowMs;
  }

  return {
    earn: () => add(RETRIES_PER_REQUEST),
    spend() {
      add(0);
      balance -= 1;
      return Math.max(0, -balance) * FREE_RETRY_MS;
    },
  };
}
