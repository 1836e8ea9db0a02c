import { HOUR_MS } from '../lib/durations.ts';

/** How long a session lasts, whatever is done in it. */
export const SESSION_SECONDS = 7 * 86_400;

/** How long whoever gave the password may look for the code. */
export const TWO_FACTOR_SECONDS = 600;

/** How long a password counts as just given. */
export const STEP_UP_MS = 600_000;

/** How long a link to a new password works. */
export const RESET_MS = HOUR_MS;
