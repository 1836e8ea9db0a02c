import { AppflowError } from '../api/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { BeforeWait, RunOptions } from './gate.ts';
import type { GateName } from './gate-registry.ts';

/** A longer wait fails the call immediately, whatever its time limit: its caller should know. */
const WAIT_MS_MAX = 60 * 60_000;

/** Ends a call at its time limit, or as soon as it is known that it cannot be sent before. */
export type Deadline = Required<Pick<RunOptions, 'beforeWait'>> & {
  signal: AbortSignal;
  /** Must be called when the call is over. */
  clear: () => void;
};

/** Returns the deadline of a call that starts now; `signal` is the caller's own. */
export function startDeadline(
  clock: Clock,
  gate: GateName,
  timeLimitMs: number,
  signal: AbortSignal | undefined,
): Deadline {
  const deadlineMs = clock.monotonicMs() + timeLimitMs;
  const abort = new AbortController();
  const onAbort = () => abort.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort);
  let lastError: AppflowError | undefined;
  const onTimeout = () =>
    abort.abort(deadlineError(`it took longer than ${formatSeconds(timeLimitMs)}`, lastError));
  const timer = Number.isFinite(timeLimitMs) ? clock.setTimeout(onTimeout, timeLimitMs) : undefined;
  return {
    signal: abort.signal,
    beforeWait(waitMs, error) {
      lastError = error ?? lastError;
      if (waitMs <= WAIT_MS_MAX && clock.monotonicMs() + waitMs <= deadlineMs) return undefined;
      const reason = `the category "${gate}" would have to wait another ${formatSeconds(waitMs)}`;
      return deadlineError(reason, error, waitMs);
    },
    clear() {
      clock.clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    },
  };
}

/**
 * Called when a call starts to wait: with the wait in milliseconds and the failure it waits for, if any. If it throws, the
 * call fails with that error.
 */
export type OnWait = (wait: { waitMs: number; error: AppflowError | undefined }) => void;

/** Returns `beforeWait` with calls of `onWait`: once per wait and per new failure, however often the gate asks. */
export function withOnWait(beforeWait: BeforeWait, onWait: OnWait): BeforeWait {
  let hasNotified = false;
  let lastError: AppflowError | undefined;
  return (waitMs, error) => {
    const refusal = beforeWait(waitMs, error);
    if (refusal || (hasNotified && (error === undefined || error === lastError))) return refusal;
    hasNotified = true;
    lastError = error;
    try {
      onWait({ waitMs, error });
      return undefined;
    } catch (thrown) {
      return thrown instanceof Error ? thrown : new Error(String(thrown));
    }
  };
}

const formatSeconds = (ms: number) => `${Math.ceil(ms / 1_000)} s`;

/** Has the code of the last failure. Without one: a wait comes from the rate limit, a timeout from the network. */
function deadlineError(reason: string, error: AppflowError | undefined, waitMs?: number): AppflowError {
  const defaultCode = waitMs === undefined ? 'network_error' : 'rate_limited';
  const { code = defaultCode, status = 0, requestId, message = '' } = error ?? {};
  const retryAfterMs = waitMs === undefined ? undefined : Math.ceil(waitMs);
  const text = `Gave up: ${reason}. ${message}`.trim();
  return new AppflowError(text, { code, status, requestId, retryAfterMs, cause: error });
}
