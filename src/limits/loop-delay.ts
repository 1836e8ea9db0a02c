import { monitorEventLoopDelay } from 'node:perf_hooks';

/** The event-loop delay of this process. */
export type LoopDelay = { readMs: () => number; close: () => void };

/** Replaces the event loop in tests: its measured delay, and the end of each window. */
export type LoopWatch = {
  histogram: Pick<
    ReturnType<typeof monitorEventLoopDelay>,
    'enable' | 'disable' | 'reset' | 'count' | 'mean'
  >;
  /** Runs `task` every `ms` milliseconds. Returns a function that stops it. */
  repeat: (task: () => void, ms: number) => () => void;
};

/** Each sample wakes an idle process. */
const RESOLUTION_MS = 100;
const WINDOW_MS = 1_000;
const NS_PER_MS = 1_000_000;

/**
 * Watches the event loop from the first reading on, so that commands without a server pay nothing. A reading is the
 * lower of the last two one-second means: a single long pause (garbage collection, a suspended machine) is over
 * before any request could be refused for it, while an overloaded server shows the delay second after second.
 */
export function createLoopDelay({ histogram, repeat }: LoopWatch = watchLoop()): LoopDelay {
  let [last, beforeLast] = [0, 0];
  let stopSampling: (() => void) | undefined;

  function rotate(): void {
    beforeLast = last;
    last = toDelayMs(histogram);
    histogram.reset();
  }

  return {
    readMs() {
      if (stopSampling === undefined) {
        histogram.enable();
        stopSampling = repeat(rotate, WINDOW_MS);
      }
      return Math.min(last, beforeLast);
    },
    close() {
      stopSampling?.();
      histogram.disable();
    },
  };
}

function watchLoop(): LoopWatch {
  return {
    histogram: monitorEventLoopDelay({ resolution: RESOLUTION_MS }),
    repeat(task, ms) {
      const timer = setInterval(task, ms).unref();
      return () => clearInterval(timer);
    },
  };
}

/** The histogram holds the time between samples, including the sampling interval itself. */
function toDelayMs({ count, mean }: { count: number; mean: number }): number {
  return count === 0 ? 0 : Math.max(0, mean / NS_PER_MS - RESOLUTION_MS);
}
