const ALLOWANCE = 10;
const SHARE = 0.1;
const REGAIN_MS = 60_000;

/** What retries of calls in trouble are paid from, so that a broken server is not flooded by those who try again. */
export type Budget = {
  /** Notes a request that is no retry: every tenth buys a retry. */
  earn: () => void;
  /** Returns how many milliseconds the next retry has to be put off; 0 while the budget is not spent. */
  pauseMs: () => number;
  spend: () => void;
};

/**
 * Returns a budget of one retry for every ten requests, with ten to begin with and at most that many saved up. When it
 * is spent, a retry a minute comes free: a spent budget pauses, it never gives up.
 */
export function createBudget(monotonicMs: () => number): Budget {
  let balance = ALLOWANCE;
  let countedAtMs = monotonicMs();

  function add(retries: number): void {
    const nowMs = monotonicMs();
    balance = Math.min(ALLOWANCE, balance + (nowMs - countedAtMs) / REGAIN_MS + retries);
    countedAtMs = nowMs;
  }

  return {
    earn: () => add(SHARE),
    pauseMs() {
      add(0);
      return Math.max(0, 1 - balance) * REGAIN_MS;
    },
    spend: () => add(-1),
  };
}
