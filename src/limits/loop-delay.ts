import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How late the event loop of this process runs. */
export type LoopDelay = { readMs: () => number; close: () => void };

/** What stands in the place of the event loop in tests: what it was late by, and a window's end. */
export type LoopWatch = {
  histogram: Pick<
    ReturnType<typeof monitorEventLoopDelay>,
    'enable' | 'disable' | 'reset' | 'count' | 'mean'
  >;
  /** Runs `task` after each so many milliseconds; returns what ends that. */
  repeat: (task: () => void, ms: number) => () => void;
};

const RESOLUTION_MS = 20;
const WINDOW_MS = 1_000;
const NS_PER_MS = 1_000_000;

/**
 * Watches the event loop from the first reading on, so that a command that serves nobody pays nothing. A reading is the
 * mean of one second, of the last two the lower one: a single long pause (a garbage collection, a machine that was
 * asleep) is over when anyone could be refused for it, a server that cannot keep up shows it second after second.
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

/** The histogram holds the time from one look to the next, the pause between them included. */
function toDelayMs({ count, mean }: { count: number; mean: number }): number {
  return count === 0 ? 0 : Math.max(0, mean / NS_PER_MS - RESOLUTION_MS);
}
