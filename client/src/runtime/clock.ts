/** Source of time. `now` is wall time for timestamps; waits use `monotonicMs`, which setting the clock cannot change. */
export type Clock = {
  /** Epoch milliseconds. */
  now: () => number;
  /** Milliseconds since an arbitrary instant; never goes backward. */
  monotonicMs: () => number;
  /** `isAwaited`: a caller is waiting for it, so a Node process must not exit before. */
  setTimeout: (run: () => void, ms: number, isAwaited?: boolean) => unknown;
  clearTimeout: (timer: unknown) => void;
};

type Timer = ReturnType<typeof setTimeout>;

/** The longest possible timer (24.8 days): a longer one would fire immediately. */
const TIMER_MS_MAX = 2 ** 31 - 1;

// The clocks share no object, so that a bundler can drop the unused one.
// Some React Native engines have no `performance`; Date is the only clock there.
const monotonicMs = () => (globalThis.performance ?? Date).now();

/** The system clock for background work: its timers do not keep a Node process alive. */
export const BACKGROUND_CLOCK: Clock = {
  now: () => Date.now(),
  monotonicMs,
  clearTimeout: (timer) => clearTimeout(timer as Timer),
  setTimeout(run, ms, isAwaited) {
    const timer: Timer & { unref?: () => void } = setTimeout(run, ms);
    if (!isAwaited) timer.unref?.();
    return timer;
  },
};

/** The system clock for calls whose results are awaited. */
export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  monotonicMs,
  clearTimeout: (timer) => clearTimeout(timer as Timer),
  setTimeout: (run, ms) => setTimeout(run, Math.min(ms, TIMER_MS_MAX)),
};

/** Resolves after `ms`; rejects with the signal's reason if it aborts first. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clock.clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = clock.setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort);
  });
}
