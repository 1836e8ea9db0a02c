import { AppflowError } from '../api/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Patience } from './gate-queue.ts';
import type { GateName, RunOptions } from './rate-limit-gate.ts';

/** Whoever waits for an answer is told of a longer wait at once, whatever the time limit is. */
const SURFACE_MS_MIN = 60 * 60_000;

/** Ends a call that somebody waits for: at its time limit, or as soon as it is known that it will not be made by then. */
export type Limited = Required<Pick<RunOptions, 'patience'>> & {
  signal: AbortSignal;
  /** Must be called when the call is over. */
  end: () => void;
};

/** Returns the limits of a call through the gate that begins now; `signal` is the caller's own. */
export function limitCall(
  clock: Clock,
  category: GateName,
  timeLimitMs: number,
  signal: AbortSignal | undefined,
): Limited {
  const deadlineMs = clock.monotonicMs() + timeLimitMs;
  const abort = new AbortController();
  const onAbort = () => abort.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort);
  let reason: AppflowError | undefined;
  const onLimit = () => abort.abort(gaveUp(`it took longer than ${inSeconds(timeLimitMs)}`, reason));
  const timer = Number.isFinite(timeLimitMs) ? clock.setTimeout(onLimit, timeLimitMs) : undefined;
  return {
    signal: abort.signal,
    patience(waitMs, error) {
      reason = error ?? reason;
      if (waitMs <= SURFACE_MS_MIN && clock.monotonicMs() + waitMs <= deadlineMs) return undefined;
      const wait = `the category "${category}" would have to wait another ${inSeconds(waitMs)}`;
      return gaveUp(wait, error, waitMs);
    },
    end() {
      clock.clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    },
  };
}

/**
 * Told when a call begins to wait: how long, in milliseconds, and the failure that it waits for, if there was one. What it
 * throws ends the call.
 */
export type OnWait = (wait: { waitMs: number; error: AppflowError | undefined }) => void;

/** Returns the patience with `onWait` told when a call begins to wait and of each new failure, however often the gate asks. */
export function tellWaits(patience: Patience, onWait: OnWait): Patience {
  let isTold = false;
  let lastError: AppflowError | undefined;
  return (waitMs, error) => {
    const refusal = patience(waitMs, error);
    if (refusal || (isTold && (error === undefined || error === lastError))) return refusal;
    isTold = true;
    lastError = error;
    try {
      onWait({ waitMs, error });
      return undefined;
    } catch (thrown) {
      return thrown instanceof Error ? thrown : new Error(String(thrown));
    }
  };
}

const inSeconds = (ms: number) => `${Math.ceil(ms / 1_000)} s`;

/** Has the code of what stood in the way: a wait is the server's, the end of the time limit nobody's answer. */
function gaveUp(why: string, error: AppflowError | undefined, waitMs?: number): AppflowError {
  const unknown = waitMs === undefined ? 'network_error' : 'rate_limited';
  const { code = unknown, status = 0, requestId, message = '' } = error ?? {};
  const retryAfterMs = waitMs === undefined ? undefined : Math.ceil(waitMs);
  const words = `Gave up: ${why}. ${message}`.trim();
  return new AppflowError(words, { code, status, requestId, retryAfterMs, cause: error });
}
