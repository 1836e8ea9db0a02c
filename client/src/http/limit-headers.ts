/** What a `RateLimit` header leaves: so many requests now, and the next one in `resetMs` when there are none. */
export type Room = { requests: number; resetMs: number };

const MEMBER = /"([^"]*)"[^,]*?;r=(\d+)(?:[^,]*?;t=(\d+))?/g;
/** Policies that count events; all others count requests. */
const COUNTS_EVENTS = /^events(-ip)?$/;
/** A longer wait is the server's to ask for, by a 429. */
const RESET_MS_MAX = 60_000;

/**
 * Returns the least room that a `RateLimit` header names for requests of `events` events each
 * (draft-ietf-httpapi-ratelimit-headers, list form). Undefined without a header that can be read.
 */
export function parseRoom(header: string | null, events: number): Room | undefined {
  let least: Room | undefined;
  for (const [, policy = '', remaining, reset = '0'] of (header ?? '').matchAll(MEMBER)) {
    const cost = COUNTS_EVENTS.test(policy) ? Math.max(1, events) : 1;
    const requests = Math.floor(Number(remaining) / cost);
    const resetMs = Math.min(RESET_MS_MAX, Number(reset) * 1_000);
    const isLess = !least || requests < least.requests;
    if (isLess || (requests === least?.requests && resetMs > least.resetMs)) least = { requests, resetMs };
  }
  return least;
}

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
