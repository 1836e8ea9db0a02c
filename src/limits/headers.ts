import { type Item, serializeList } from 'structured-headers';
import type { LimitState } from './gcra/decide.ts';
import type { Limit } from './gcra/limit.ts';

/** Response header fields by name. */
export type HeaderFields = Readonly<Record<string, string>>;

/**
 * Returns the value of `RateLimit-Policy`: each limit's burst `q` and the seconds `w` in which it refills. List form
 * of draft-ietf-httpapi-ratelimit-headers. It depends only on the limits: build it once and keep it.
 */
export function formatRateLimitPolicy(limits: readonly Limit[]): string {
  return serializeList(
    limits.map(({ policy, burst, windowSeconds }): Item => {
      const parameters = new Map([
        ['q', burst],
        ['w', windowSeconds],
      ]);
      return [policy, parameters];
    }),
  );
}

/**
 * Returns the value of `RateLimit`: for each limit the remaining units `r`, and `t` in seconds (see `LimitState`).
 * Formatted by hand, because every response needs it and the library takes microseconds. Names are plain and numbers
 * are whole, so nothing needs escaping; a test compares it with the library.
 */
export function formatRateLimit(states: readonly LimitState[]): string {
  let text = '';
  for (const { limit, remaining, resetSeconds } of states) {
    if (text !== '') text += ', ';
    text += `"${limit.policy}";r=${remaining};t=${resetSeconds}`;
  }
  return text;
}

/** Returns whole seconds for `Retry-After`, rounded up and at least 1 (RFC 9110, 10.2.3). */
export function countRetryAfterSeconds(retryAfterMs: number): number {
  return Math.max(1, Math.ceil(retryAfterMs / 1000));
}
