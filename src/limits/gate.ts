import { createFairQueue } from './fair-queue.ts';
import type { MaybePromise } from './maybe-promise.ts';

/** Lets few in at a time, in turn between lanes. */
export type Gate = {
  /** Resolves with the function to call when leaving; undefined when too many of this lane wait already. */
  enter(lane: string): MaybePromise<Leave | undefined>;
  /** How many were refused since startup. */
  countRefused(): number;
};

/** Frees the place. Call it once. */
export type Leave = () => void;

/** How many a gate lets in, how many more of each lane wait, and what is called for each that is refused. */
export type GateOptions = {
  insideMax: number;
  waitingMax: number;
  onRefused?: () => void;
};

/** Returns a gate, empty. */
export function createGate({ insideMax, waitingMax, onRefused }: GateOptions): Gate {
  const waiting = createFairQueue<(leave: Leave) => void>();
  let inside = 0;
  let refused = 0;
  const leave = () => {
    const next = waiting.shift();
    if (next) next(leave);
    else inside -= 1;
  };
  return {
    enter(lane) {
      if (inside < insideMax) {
        inside += 1;
        return leave;
      }
      if (waiting.count(lane) < waitingMax) return new Promise((resolve) => waiting.push(lane, resolve));
      refused += 1;
      onRefused?.();
      return undefined;
    },
    countRefused: () => refused,
  };
}
