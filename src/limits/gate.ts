import type { BodySender } from './body-budget.ts';
import { createFairQueue } from './fair-queue.ts';
import { laneOf } from './loop-share.ts';
import type { MaybePromise } from './maybe-promise.ts';

/** Lets few in at a time, in turn between kinds of senders, and between the senders of a kind. */
export type Gate = {
  /**
   * Resolves with the function to call when leaving; undefined when too many of this sender, or of its kind, wait
   * already. Stops waiting, and rejects with the signal's reason, once the signal fires.
   */
  enter(sender: BodySender, signal: AbortSignal): MaybePromise<Leave | undefined>;
  /** How many wait. */
  countWaiting(): number;
  /** How many were refused since startup. */
  countRefused(): number;
};

/** Frees the place. Call it once. */
export type Leave = () => void;

/**
 * How many are inside; how many more of one lane wait; and how many in all of one kind that anyone can send as. Trusted
 * senders are never refused because of others. `onRefused` is called for each that is refused.
 */
export type GateOptions = {
  insideMax: number;
  waitingMax: number;
  kindWaitingMax: number;
  onRefused?: () => void;
};

type Waiter = { enter: (leave: Leave) => void };

/** Returns an empty gate. */
export function createGate({ insideMax, waitingMax, kindWaitingMax, onRefused }: GateOptions): Gate {
  const waiting = createFairQueue<Waiter>();
  let inside = 0;
  let refused = 0;

  const leave = () => {
    const next = waiting.shift();
    if (next) next.enter(leave);
    else inside -= 1;
  };

  function wait(sender: BodySender, signal: AbortSignal): Promise<Leave> | undefined {
    const lane = laneOf(sender);
    const isKindFull = sender.kind !== 'trusted' && waiting.countOfKind(sender.kind) >= kindWaitingMax;
    if (isKindFull || waiting.countOfLane(lane) >= waitingMax) return undefined;
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        enter(leaveLater) {
          signal.removeEventListener('abort', onAbort);
          resolve(leaveLater);
        },
      };
      function onAbort(): void {
        waiting.remove(lane, waiter);
        reject(signal.reason);
      }
      signal.addEventListener('abort', onAbort, { once: true });
      waiting.push(lane, waiter);
    });
  }

  return {
    enter(sender, signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      if (inside < insideMax) {
        inside += 1;
        return leave;
      }
      const entered = wait(sender, signal);
      if (entered === undefined) {
        refused += 1;
        onRefused?.();
      }
      return entered;
    },
    countWaiting: () => waiting.count(),
    countRefused: () => refused,
  };
}
