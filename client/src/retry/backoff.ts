/** How long to wait, in milliseconds. `baseMs` excludes the jitter, so that it does not add up over retries. */
export type Backoff = { baseMs: number; delayMs: number };

const DOUBLING_MS_MAX = 60_000;
const FIRST_MS = 1_000;
// If the server asks for no wait at all, do not retry in a tight loop.
const DELAY_MS_MIN = 250;
const JITTER_SHARE_MAX = 0.1;
const JITTER_MS_MAX = 1_000;

/**
 * Returns how long to wait before the next retry: never less than the server asked for, doubling up to a minute while it
 * keeps rejecting, with upward jitter. Without Retry-After: from one second, half of it random. `previousBaseMs` is the
 * `baseMs` of the previous backoff, 0 after a success; `random` is from 0 to 1: callers rejected together must not retry
 * together.
 */
export function decideBackoff(
  previousBaseMs: number,
  retryAfterMs: number | undefined,
  random: number,
): Backoff {
  const doubledMs = Math.min(DOUBLING_MS_MAX, 2 * previousBaseMs);
  if (retryAfterMs === undefined) {
    const baseMs = Math.max(FIRST_MS, doubledMs);
    return { baseMs, delayMs: baseMs / 2 + (random * baseMs) / 2 };
  }
  const baseMs = Math.max(DELAY_MS_MIN, retryAfterMs, doubledMs);
  return { baseMs, delayMs: baseMs + random * Math.min(JITTER_MS_MAX, baseMs * JITTER_SHARE_MAX) };
}
