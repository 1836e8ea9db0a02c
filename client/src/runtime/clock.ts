/** Where time comes from. `now` is wall time for timestamps; waits go by `monotonicMs`, which a set clock cannot move. */
export type Clock = {
  /** Epoch milliseconds. */
  now: () => number;
  /** Milliseconds since any instant; never steps back. */
  monotonicMs: () => number;
  /** `isAwaited`: somebody waits for it, so a Node process should not end before. */
  setTimeout: (run: () => void, ms: number, isAwaited?: boolean) => unknown;
  clearTimeout: (timer: unknown) => void;
};

type Timer = ReturnType<typeof setTimeout>;

/** The longest a timer can be (24.8 days): a longer one would fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

// The clocks share no object, so that a bundle leaves out the one that it does not use.
// Some engines of React Native have no performance; their Date is all there is.
const monotonicMs = () => (globalThis.performance ?? Date).now();

/** The clock of the machine, for work that nobody waits for: its timers do not keep a Node process alive. */
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

/** The same for calls whose answers are waited for. */
export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  monotonicMs,
  clearTimeout: (timer) => clearTimeout(timer as Timer),
  setTimeout: (run, ms) => setTimeout(run, Math.min(ms, TIMER_MS_MAX)),
};

/** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
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
