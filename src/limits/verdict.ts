import { countRetryAfterSeconds, type HeaderFields } from './headers.ts';
import type { PolicyName } from './limit.ts';
import type { Category, DecidingPolicy } from './policies.ts';

/** How often a policy let requests through, denied them, or refused a batch that could never pass. */
export type PolicyDecisions = { allowed: number; denied: number; impossible: number };

/** Go on. `headers` belong on the answer; undefined when nothing is limited or the fields are switched off. */
export type AllowedVerdict = { readonly allowed: true; readonly headers: HeaderFields | undefined };

/** Answer 429 `rate_limited` with these headers; nothing was spent. Both waits are at least 1. */
export type DeniedVerdict = {
  readonly allowed: false;
  readonly impossible: false;
  readonly policy: DecidingPolicy;
  readonly category: Category;
  readonly retryAfterSeconds: number;
  readonly retryAfterMs: number;
  readonly headers: HeaderFields;
};

/** Answer 413 and suggest no wait: the cost is above the burst and would never pass. Nothing was spent. */
export type ImpossibleVerdict = {
  readonly allowed: false;
  readonly impossible: true;
  readonly policy: PolicyName;
  readonly category: Category;
  readonly cost: number;
  readonly burst: number;
};

/** What the limits say about a request. */
export type LimitVerdict = AllowedVerdict | DeniedVerdict | ImpossibleVerdict;

/** Returns the verdict of a policy that has no room for `retryAfterMs` more. `fields` join `Retry-After`. */
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
