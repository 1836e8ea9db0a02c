import type { PolicyName } from './gcra/limit.ts';
import { countRetryAfterSeconds, type HeaderFields } from './headers.ts';
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
