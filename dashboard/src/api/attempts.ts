/** What one request for a draft is: the same as often as it is sent. */
export type Attempt<Body> = { body: Body; idempotencyKey: string };

/**
 * Returns what gives the attempt for a draft. Until the draft is another object it is the same attempt, with the same
 * `Idempotency-Key` and body: trying again after a lost answer then makes no second key or app.
 */
export function makeAttempts<Draft, Body>(toBody: (draft: Draft) => Body): (draft: Draft) => Attempt<Body> {
  let last: { draft: Draft; attempt: Attempt<Body> } | undefined;
  return (draft) => {
    if (last?.draft === draft) return last.attempt;
    last = { draft, attempt: { body: toBody(draft), idempotencyKey: newIdempotencyKey() } };
    return last.attempt;
  };
}

/** Not `crypto.randomUUID`, which plain http beyond loopback does not have. */
function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
