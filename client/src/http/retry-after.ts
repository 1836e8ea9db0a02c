/** A longer wait is a mistake somewhere on the way. Timers cannot count beyond 24 days either. */
const RETRY_AFTER_MS_MAX = 24 * 60 * 60_000;

/**
 * Returns the milliseconds that a Retry-After header asks for: whole seconds or an HTTP date (RFC 9110, 10.2.3), which
 * counts from `nowMs`, best the answer's own Date; a day at most. Undefined for anything else: nonsense is no wait of zero.
 */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  // Date.parse alone would read "3.5" or "-1" as years; every HTTP date begins with a day's name.
  const dateMs = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN;
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1_000 : Math.max(0, dateMs - nowMs);
  return Number.isNaN(waitMs) ? undefined : Math.min(RETRY_AFTER_MS_MAX, waitMs);
}
