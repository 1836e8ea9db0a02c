import { type Item, serializeList } from 'structured-headers';
import type { LimitState } from './gcra/decide.ts';
import type { Limit, PolicyName } from './gcra/limit.ts';
import type { Category, DecidingPolicy } from './policies.ts';

/** How often a policy allowed requests, denied them, or rejected a batch that could never be allowed. */
export type PolicyDecisions = { allowed: number; denied: number; impossible: number };

/** Proceed. `headers` belong on the response; undefined when nothing is limited or the fields are turned off. */
export type AllowedVerdict = { readonly allowed: true; readonly headers: HeaderFields | undefined };

/** Respond 429 `rate_limited` with these headers; nothing was spent. Both waits are at least 1. */
export type DeniedVerdict = {
  readonly allowed: false;
  readonly impossible: false;
  readonly policy: DecidingPolicy;
  readonly category: Category;
  readonly retryAfterSeconds: number;
  readonly retryAfterMs: number;
  readonly headers: HeaderFields;
};

/** Respond 413 without suggesting a wait: the cost exceeds the burst and would never be allowed. Nothing was spent. */
export type ImpossibleVerdict = {
  readonly allowed: false;
  readonly impossible: true;
  readonly policy: PolicyName;
  readonly category: Category;
  readonly cost: number;
  readonly burst: number;
};

/** The rate-limit outcome for a request. */
export type LimitVerdict = AllowedVerdict | DeniedVerdict | ImpossibleVerdict;

/** Returns the verdict of a policy without room for the next `retryAfterMs`. `fields` are added to `Retry-After`. */
export function denied(
  policy: DecidingPolicy,
  category: Category,
  retryAfterMs: number,
  fields?: HeaderFields,
): DeniedVerdict {
  const retryAfterSeconds = countRetryAfterSeconds(retryAfterMs);
  const headers = { 'Retry-After': String(retryAfterSeconds), ...fields };
  return { allowed: false, impossible: false, policy, category, retryAfterSeconds, retryAfterMs, headers };
}

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
 * Returns the value of `RateLimit`: for each limit the remaining units `r`, and `t` in seconds (see `LimitState`), on a
 * denial none that ends after Retry-After, as the draft wants it.
 * Formatted by hand, because every response needs it and the library takes microseconds. Names are plain and numbers
 * are whole, so nothing needs escaping; a test compares it with the library.
 */
export function formatRateLimit(
  states: readonly LimitState[],
  retryAfterMs = Number.POSITIVE_INFINITY,
): string {
  const secondsMax = countRetryAfterSeconds(retryAfterMs);
  let text = '';
  for (const { limit, remaining, resetSeconds } of states) {
    if (text !== '') text += ', ';
    text += `"${limit.policy}";r=${remaining};t=${Math.min(resetSeconds, secondsMax)}`;
  }
  return text;
}

/**
 * Returns the fields with the limit of concurrent requests that denied this one (`qu` of draft-11 §3.1.2). It has no window:
 * `t` is when to try again.
 */
export function addConcurrencyLimit(
  fields: HeaderFields | undefined,
  policy: DecidingPolicy,
  running: number,
  retryAfterMs: number,
): HeaderFields {
  const add = (value: string | undefined, item: string) => (value ? `${value}, ${item}` : item);
  return {
    'RateLimit-Policy': add(
      fields?.['RateLimit-Policy'],
      `"${policy}";q=${running};qu="concurrent-requests"`,
    ),
    RateLimit: add(fields?.RateLimit, `"${policy}";r=0;t=${countRetryAfterSeconds(retryAfterMs)}`),
  };
}

/** Returns whole seconds for `Retry-After`, rounded up and at least 1 (RFC 9110, 10.2.3). */
export function countRetryAfterSeconds(retryAfterMs: number): number {
  return Math.max(1, Math.ceil(retryAfterMs / 1000));
}
