/** Milliseconds in a second. */
export const SECOND_MS = 1_000;

/** Milliseconds in a minute. */
export const MINUTE_MS = 60 * SECOND_MS;

/** Milliseconds in an hour. */
export const HOUR_MS = 60 * MINUTE_MS;

/** Milliseconds in a day of 24 hours; a local day can be an hour shorter or longer. */
export const DAY_MS = 24 * HOUR_MS;

/** Seconds in a minute. */
export const MINUTE_SECONDS = MINUTE_MS / SECOND_MS;

/** Seconds in an hour. */
export const HOUR_SECONDS = HOUR_MS / SECOND_MS;

/** Seconds in a day of 24 hours. */
export const DAY_SECONDS = DAY_MS / SECOND_MS;
