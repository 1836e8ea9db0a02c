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
 * How many are inside, and how many of them may have a kind that anyone can send as: the rest is for trusted senders, since
 * one that is inside may stay long. `waitingMax` more of one lane wait, and `kindWaitingMax` of all of one such kind.
 * Trusted senders are never refused because of others. `onRefused` is called for each that is refused.
 */
export type GateOptions = {
  insideMax: number;
  openInsideMax: number;
  waitingMax: number;
  kindWaitingMax: number;
  onRefused?: () => void;
};

type Waiter = { enter: () => void };

const isOpen = ({ kind }: BodySender) => kind !== 'trusted';

/** Returns an empty gate. */
export function createGate({
  insideMax,
  openInsideMax,
  waitingMax,
  kindWaitingMax,
  onRefused,
}: GateOptions): Gate {
  const waiting = createFairQueue<Waiter>();
  let inside = 0;
  let openInside = 0;
  let refused = 0;

  const hasPlace = (sender: BodySender) =>
    inside < insideMax && (!isOpen(sender) || openInside < openInsideMax);

  function takePlace(sender: BodySender): Leave {
    const open = isOpen(sender) ? 1 : 0;
    inside += 1;
    openInside += open;
    return () => {
      inside -= 1;
      openInside -= open;
      waiting.shift(openInside < openInsideMax ? undefined : 'trusted')?.enter();
    };
  }

  function wait(sender: BodySender, signal: AbortSignal): Promise<Leave> | undefined {
    const lane = laneOf(sender);
    const isKindFull = isOpen(sender) && waiting.countOfKind(sender.kind) >= kindWaitingMax;
    if (isKindFull || waiting.countOfLane(lane) >= waitingMax) return undefined;
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        enter() {
          signal.removeEventListener('abort', onAbort);
          resolve(takePlace(sender));
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
      if (hasPlace(sender)) return takePlace(sender);
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
