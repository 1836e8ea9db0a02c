import { DAY_SECONDS, HOUR_MS, MINUTE_MS } from '../lib/durations.ts';

// Plain constants that the dashboard imports too: nothing here may import a library.

/** Minimum and maximum characters of a password (NIST SP 800-63B §3.1.1.2 requires at least 8 and 64). */
export const PASSWORD_LENGTH = { minLength: 12, maxLength: 128 } as const;

/** How long a session lasts, regardless of activity. */
export const SESSION_SECONDS = 7 * DAY_SECONDS;

/** How long a browser that signed in stays a known device. */
export const DEVICE_SECONDS = 180 * DAY_SECONDS;

/** How long a sign-in waits for the code after a correct password. */
export const TWO_FACTOR_SECONDS = 600;

/** How long a step-up lasts: sensitive changes ask for the password again after that. */
export const STEP_UP_MS = 10 * MINUTE_MS;

/** How long a password reset link works. */
export const RESET_MS = HOUR_MS;
