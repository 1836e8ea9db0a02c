import { isForwardedNetwork } from '../lib/ip.ts';
import type { BodySender } from './body-budget.ts';
import { createFairQueue, type Lane } from './fair-queue.ts';
import type { MaybePromise } from './maybe-promise.ts';

/** Whose work it is: the sender of a body, or the authenticated reader of a streamed answer. */
export type LoopUser = BodySender | { kind: 'stream'; callerId: string };

/** Runs expensive pieces of work without keeping the event loop from everything else. */
export type LoopShare = {
  /**
   * Runs `task` now, or in a later turn of the event loop once this turn's share is used up. Kinds of users take turns,
   * and the users of a kind. Keep a task below `TASK_MS`, because nothing interrupts it. Throws, or rejects with, what
   * the task throws.
   */
  run<T>(user: LoopUser, task: () => T): MaybePromise<T>;
};

/** Replaces the event loop in tests: a monotonic clock in milliseconds, and what runs in the loop's next turn. */
export type LoopTurns = { nowMs: () => number; onNextTurn: (task: () => void) => void };

/** How long such work runs in one turn of the event loop before connections are served again. */
export const LOOP_SHARE_MS = 10;

/**
 * Turns without such work after one that used up its share, as long as they take less time than the share. Each listener
 * accepts one connection per turn: if every turn took 10 ms, only a hundred would be accepted in a second. A turn without
 * such work takes a fraction of a millisecond; where it takes longer, other work has its part of the time already.
 */
export const FREE_TURNS = 4;

/** How long one task should take at most. */
export const TASK_MS = 5;

/** Runs `work` for each index below `count`, in tasks of about `TASK_MS`, at least one index each. Rejects with what it throws. */
export async function forEachInTurns(
  loopShare: LoopShare,
  user: LoopUser,
  count: number,
  work: (index: number) => void,
): Promise<void> {
  let index = 0;
  while (index < count) {
    const running = loopShare.run(user, () => {
      const stopAt = performance.now() + TASK_MS;
      do {
        work(index);
        index += 1;
      } while (index < count && performance.now() < stopAt);
    });
    if (running instanceof Promise) await running;
  }
}

/** Tasks that take less than this together need no turn of their own: most bodies are parsed in a fraction of it. */
const PLANNED_FROM_MS = 1;

const NODE_TURNS: LoopTurns = { nowMs: () => performance.now(), onNextTurn: (task) => setImmediate(task) };

/**
 * Returns the lane of a user: the key or person if only its owner has the credential, otherwise the address, or both
 * where an unconfigured proxy hides the address.
 */
export function laneOf(user: LoopUser): Lane {
  const { kind, callerId = '' } = user;
  if (kind === 'stream' || kind === 'trusted') return { kind, id: callerId };
  const { network } = user;
  return { kind, id: isForwardedNetwork(network) ? `${network} ${callerId}` : network };
}

/** Returns the share of one process. */
export function createLoopShare({ nowMs, onNextTurn }: LoopTurns = NODE_TURNS): LoopShare {
  const waiting = createFairQueue<() => void>();
  let usedMs = 0;
  let endedAt = 0;
  let isTurnPlanned = false;

  function planTurn(): void {
    if (isTurnPlanned) return;
    isTurnPlanned = true;
    let freeTurns = 0;
    const takeTurn = () => {
      const isUsedUp = usedMs >= LOOP_SHARE_MS;
      if (isUsedUp && freeTurns < FREE_TURNS && nowMs() - endedAt < LOOP_SHARE_MS) {
        freeTurns += 1;
        onNextTurn(takeTurn);
        return;
      }
      isTurnPlanned = false;
      usedMs = 0;
      while (usedMs < LOOP_SHARE_MS && waiting.count() > 0) waiting.shift()?.();
      if (waiting.count() > 0) planTurn();
    };
    onNextTurn(takeTurn);
  }

  function runNow<T>(task: () => T): T {
    const startedAt = nowMs();
    try {
      return task();
    } finally {
      endedAt = nowMs();
      usedMs += endedAt - startedAt;
      if (usedMs >= PLANNED_FROM_MS) planTurn();
    }
  }

  return {
    run(user, task) {
      if (usedMs < LOOP_SHARE_MS && waiting.count() === 0) return runNow(task);
      planTurn();
      return new Promise((resolve, reject) => {
        waiting.push(laneOf(user), () => {
          try {
            resolve(runNow(task));
          } catch (error) {
            reject(error);
          }
        });
      });
    },
  };
}
