/**
 * Spaces out requests while calls wait at the gate, if `RateLimit` is missing or other processes share the limit. The pause
 * is the time between two rejections divided by the responses between them. All times are milliseconds.
 */
export type AdaptiveBackoff = {
  /** The pause between two requests; 0 while nothing has been measured. */
  readonly pauseMs: number;
  /** Returns the state after a response that reports `remaining` requests; 0 if it reports none. */
  afterResponse: (remaining?: number) => AdaptiveBackoff;
  /** Returns the state after a rejection. The pause is capped at Retry-After; without one, there is no pause. */
  afterRejection: (nowMs: number, retryAfterMs?: number) => AdaptiveBackoff;
};

/** Speeds up slowly, so that a raised limit is detected at the cost of about one rejection in sixty requests. */
const GROWTH = 1.005;
/** Additional speedup per remaining request: other processes may have stopped sending. */
const GROWTH_PER_REMAINING = 0.03;

/** Returns the state after a rejection at `rejectedAtMs` and `responses` responses since; initially nothing is known. */
export function createAdaptiveBackoff(rejectedAtMs = 0, responses = 0, pauseMs = 0): AdaptiveBackoff {
  return {
    pauseMs,
    afterResponse: (remaining = 0) =>
      createAdaptiveBackoff(
        rejectedAtMs,
        responses + 1,
        pauseMs / (GROWTH + remaining * GROWTH_PER_REMAINING),
      ),
    afterRejection(nowMs, retryAfterMs = 0) {
      const measuredMs = responses > 0 ? (nowMs - rejectedAtMs) / responses : pauseMs;
      return createAdaptiveBackoff(nowMs, 0, Math.min(measuredMs, retryAfterMs));
    },
  };
}
