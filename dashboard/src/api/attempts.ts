/** The request for one draft: the same however often it is sent. */
export type Attempt<Body> = { body: Body; idempotencyKey: string };

/**
 * Returns a function from a draft to its attempt. As long as the draft is the same object the attempt is the same, with
 * one `Idempotency-Key` and body, so that retrying after a lost answer does not create a second key or app.
 */
export function makeAttempts<Draft, Body>(toBody: (draft: Draft) => Body): (draft: Draft) => Attempt<Body> {
  let last: { draft: Draft; attempt: Attempt<Body> } | undefined;
  return (draft) => {
    if (last?.draft === draft) return last.attempt;
    last = { draft, attempt: { body: toBody(draft), idempotencyKey: newIdempotencyKey() } };
    return last.attempt;
  };
}

/** Not `crypto.randomUUID`: plain HTTP beyond loopback does not have it. */
function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Returns the header that makes the server run a repeated request only once. */
export const idempotencyHeader = (key: string) => ({ 'idempotency-key': key });
