/**
 * How far apart the requests of a drain may leave, where `RateLimit` does not say, or says it to other processes too: the
 * time between two refusals over the answers between them. All times are milliseconds.
 */
export type DrainPace = {
  /** To leave between two requests; 0 while nothing is known. */
  readonly pauseMs: number;
  /** Returns the pace after an answer that tells of room for so many more requests; 0 when it does not tell. */
  afterAnswer: (room?: number) => DrainPace;
  /** Returns the pace after a refusal. No pause is longer than the server calls long enough; if it does not say, there is none. */
  afterRefusal: (nowMs: number, retryAfterMs?: number) => DrainPace;
};

/** Slowly faster, so that a limit that was raised is found: one refusal in some sixty requests shows where it ends. */
const GROWTH = 1.005;
/** And by so much more for each request that there is room for: others may have left since. */
const GROWTH_A_ROOM = 0.03;

/** Returns the pace of a drain that was refused at `refusedAtMs` and answered so often since; nothing is known at first. */
export function createDrainPace(refusedAtMs = 0, answered = 0, pauseMs = 0): DrainPace {
  return {
    pauseMs,
    afterAnswer: (room = 0) =>
      createDrainPace(refusedAtMs, answered + 1, pauseMs / (GROWTH + room * GROWTH_A_ROOM)),
    afterRefusal(nowMs, retryAfterMs = 0) {
      const measuredMs = answered > 0 ? (nowMs - refusedAtMs) / answered : pauseMs;
      return createDrainPace(nowMs, 0, Math.min(measuredMs, retryAfterMs));
    },
  };
}
