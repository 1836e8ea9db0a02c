/** What a `RateLimit` header leaves: `requests` now; if that is 0, the next one in `resetMs`. */
export type Remaining = { requests: number; resetMs: number };

const POLICY = /"([^"]*)"[^,]*?;r=(\d+)(?:[^,]*?;t=(\d+))?/g;
/** Policies that count events; all others count requests. */
const COUNTS_EVENTS = /^events(-ip)?$/;
/** For a longer wait, the server would answer 429. */
const RESET_MS_MAX = 60_000;

/**
 * Returns the smallest remaining quota in a `RateLimit` header for requests of `events` events each
 * (draft-ietf-httpapi-ratelimit-headers, list form). Undefined if the header is missing or invalid.
 */
export function parseRemaining(header: string | null, events: number): Remaining | undefined {
  let least: Remaining | undefined;
  for (const [, policy = '', remaining, reset = '0'] of (header ?? '').matchAll(POLICY)) {
    const cost = COUNTS_EVENTS.test(policy) ? Math.max(1, events) : 1;
    const requests = Math.floor(Number(remaining) / cost);
    const resetMs = Math.min(RESET_MS_MAX, Number(reset) * 1_000);
    const isLess = !least || requests < least.requests;
    if (isLess || (requests === least?.requests && resetMs > least.resetMs)) least = { requests, resetMs };
  }
  return least;
}

/** A longer wait must be a mistake somewhere on the way. Also, timers overflow beyond 24 days. */
const RETRY_AFTER_MS_MAX = 24 * 60 * 60_000;

/**
 * Returns the milliseconds of a Retry-After header: whole seconds or an HTTP date (RFC 9110, 10.2.3) relative to `nowMs`,
 * ideally the response's own Date; capped at a day. Undefined for anything else: garbage must not mean "retry immediately".
 */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  // Date.parse alone would read "3.5" or "-1" as a year; every HTTP date starts with the name of a day.
  const dateMs = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(toGmt(text)) : Number.NaN;
  const delayMs = /^\d+$/.test(text) ? Number(text) * 1_000 : Math.max(0, dateMs - nowMs);
  return Number.isNaN(delayMs) ? undefined : Math.min(RETRY_AFTER_MS_MAX, delayMs);
}

/** An HTTP date is always in GMT, also in the form of C's `asctime`, which does not say so (RFC 9110, 5.6.7). */
const toGmt = (text: string) => (/GMT$/i.test(text) ? text : `${text} GMT`);
