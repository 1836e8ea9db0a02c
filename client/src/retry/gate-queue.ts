import type { AppflowError } from '../api/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import { afterLeaving, type GateState, isIdle } from './gate-state.ts';

/**
 * Asked when a call would have to wait, and why if the server refused: returns the error to end it with, or undefined when
 * it waits.
 */
export type Patience = (waitMs: number, error: AppflowError | undefined) => Error | undefined;

/** A call that waits. */
type Waiter = {
  pass: (era: number) => void;
  refuse: (error: unknown) => void;
  patience: Patience | undefined;
};

/** A gate's state with those who wait at it, in order. */
export type GateQueue = {
  state: GateState;
  readonly open: GateState;
  readonly clock: Clock;
  readonly waiting: Set<Waiter>;
  timer: unknown;
};

/** Returns an empty queue before a gate; `open` is its state when it is. */
export function createGateQueue(clock: Clock, open: GateState): GateQueue {
  return { state: open, open, clock, waiting: new Set(), timer: undefined };
}

/** Resolves with the era to leave in, when it is the caller's turn. Rejects when it has no patience, or on abort. */
export function enter(queue: GateQueue, patience?: Patience, signal?: AbortSignal): Promise<number> {
  let onAbort = () => {};
  const turn = new Promise<number>((pass, refuse) => {
    if (signal?.aborted) return refuse(signal.reason);
    const waiter: Waiter = { patience, pass, refuse };
    onAbort = () => {
      queue.waiting.delete(waiter);
      refuse(signal?.reason);
      settle(queue);
    };
    signal?.addEventListener('abort', onAbort);
    // It may have become idle since anybody looked.
    rest(queue);
    queue.waiting.add(waiter);
    settle(queue);
  });
  return turn.finally(() => signal?.removeEventListener('abort', onAbort));
}

/** Takes over a new state and lets those leave who may. */
export function move(queue: GateQueue, state: GateState): void {
  queue.state = state;
  settle(queue);
}

const waitMsOf = ({ state, clock }: GateQueue): number => Math.max(0, state.opensAtMs - clock.monotonicMs());

function rest(queue: GateQueue): void {
  const { state, open, clock, waiting } = queue;
  if (waiting.size === 0 && isIdle(state, clock.monotonicMs())) queue.state = { ...open, era: state.era };
}

/** Opens what can be opened. A timer runs only while somebody waits for it, so that it keeps no process alive. */
function settle(queue: GateQueue): void {
  const { clock, waiting } = queue;
  // A set, since what is asked for its patience may end its own call, or others: whoever is gone is not asked any more.
  for (const waiter of waiting) {
    const waitMs = waitMsOf(queue);
    const error = waitMs > 0 && waiter.patience?.(waitMs, queue.state.error);
    if (!error) continue;
    waiting.delete(waiter);
    waiter.refuse(error);
  }
  for (const waiter of waiting) {
    if (queue.state.room === 0 || waitMsOf(queue) > 0) break;
    waiting.delete(waiter);
    queue.state = afterLeaving(queue.state, clock.monotonicMs());
    waiter.pass(queue.state.era);
  }
  rest(queue);
  clock.clearTimeout(queue.timer);
  // Rounded up: a timer that fires early would find the gate closed and start another of no length.
  if (waiting.size > 0 && queue.state.room > 0)
    queue.timer = clock.setTimeout(() => settle(queue), Math.ceil(waitMsOf(queue)));
}
