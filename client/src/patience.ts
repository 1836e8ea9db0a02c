import type { Clock } from './clock.ts';
import { AppflowError } from './errors.ts';
import type { Gate, GateName, RunOptions } from './gate.ts';
import type { Patience } from './gate-queue.ts';

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
  gate: Gate,
  category: GateName,
  timeLimitMs: number,
  signal: AbortSignal | undefined,
): Limited {
  const deadlineMs = clock.monotonicMs() + timeLimitMs;
  const abort = new AbortController();
  const onAbort = () => abort.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort);
  const timer = Number.isFinite(timeLimitMs)
    ? clock.setTimeout(() => abort.abort(gaveUp(category, gate.wait().waitMs, gate)), timeLimitMs)
    : undefined;
  return {
    signal: abort.signal,
    patience: (waitMs) =>
      waitMs > SURFACE_MS_MIN || clock.monotonicMs() + waitMs > deadlineMs
        ? gaveUp(category, waitMs, gate)
        : undefined,
    end() {
      clock.clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    },
  };
}

/**
 * Told when a call begins to wait: how long, in milliseconds, and the failure that it waits for. What it throws ends the
 * call.
 */
export type OnWait = (wait: { waitMs: number; error: AppflowError | undefined }) => void;

/** Returns the patience with `onWait` told of each wait once, however often the gate asks about it. */
export function tellWaits(patience: Patience, clock: Clock, gate: Gate, onWait: OnWait): Patience {
  let toldUntilMs = Number.NEGATIVE_INFINITY;
  return (waitMs) => {
    const refusal = patience(waitMs);
    const untilMs = clock.monotonicMs() + waitMs;
    // Half a millisecond is what sums of fractions may differ by.
    if (refusal || untilMs < toldUntilMs + 0.5) return refusal;
    toldUntilMs = untilMs;
    try {
      onWait({ waitMs, error: gate.wait().error });
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  };
}

/** Names the category and the wait, and has the code of what stood in the way. */
function gaveUp(category: GateName, waitMs: number, gate: Gate): AppflowError {
  const { error } = gate.wait();
  const { code = 'rate_limited', status = 0, requestId, message = '' } = error ?? {};
  const wait = `the category "${category}" would have to wait another ${Math.ceil(waitMs / 1_000)} s`;
  return new AppflowError(`Gave up: ${wait}. ${message}`.trim(), {
    code,
    status,
    requestId,
    retryAfterMs: Math.ceil(waitMs),
    cause: error,
  });
}
