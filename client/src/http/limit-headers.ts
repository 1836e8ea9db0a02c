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
