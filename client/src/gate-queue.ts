import type { Clock } from './clock.ts';
import { type GateState, OPEN } from './gate-state.ts';

/** Asked when a call would have to wait: returns the error to end it with, or undefined when it waits. */
export type Patience = (waitMs: number) => Error | undefined;

/** A call that waits. */
type Waiter = {
  pass: (era: number) => void;
  refuse: (error: unknown) => void;
  patience: Patience | undefined;
};

/** A gate's state with those who wait at it. */
export type GateQueue = { state: GateState; clock: Clock; waiting: Waiter[]; timer: unknown };

/** Returns an empty queue before an open gate. */
export function createGateQueue(clock: Clock): GateQueue {
  return { state: OPEN, clock, waiting: [], timer: undefined };
}

/** Resolves with the era to leave in, when it is the caller's turn. Rejects when it has no patience, or on abort. */
export function enter(queue: GateQueue, patience?: Patience, signal?: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    if (queue.state.phase === 'open') return resolve(leave(queue));
    const onAbort = () => {
      drop(queue, waiter, signal?.reason);
      settle(queue);
    };
    const endWith =
      <T>(end: (value: T) => void) =>
      (value: T) => {
        signal?.removeEventListener('abort', onAbort);
        end(value);
      };
    const waiter: Waiter = { patience, pass: endWith(resolve), refuse: endWith(reject) };
    signal?.addEventListener('abort', onAbort);
    queue.waiting.push(waiter);
    settle(queue);
  });
}

/** Takes over a new state and lets `count` of those who wait leave. */
export function move(queue: GateQueue, state: GateState, count = 0): void {
  queue.state = state;
  letGo(queue, count);
  settle(queue);
}

/** Returns how long the gate stays closed, in milliseconds. */
export function waitMsOf({ state, clock }: GateQueue): number {
  return state.phase === 'closed' ? Math.max(0, state.opensAtMs - clock.monotonicMs()) : 0;
}

function leave(queue: GateQueue): number {
  queue.state = { ...queue.state, inFlight: queue.state.inFlight + 1 };
  return queue.state.era;
}

function letGo(queue: GateQueue, count: number): void {
  for (const waiter of queue.waiting.splice(0, count)) waiter.pass(leave(queue));
}

function drop({ waiting }: GateQueue, waiter: Waiter, error: unknown): void {
  waiting.splice(waiting.indexOf(waiter), 1);
  waiter.refuse(error);
}

/** Opens what can be opened. A timer runs only while somebody waits for it, so that it keeps no process alive. */
function settle(queue: GateQueue): void {
  const { clock, waiting } = queue;
  clock.clearTimeout(queue.timer);
  const waitMs = waitMsOf(queue);
  for (const waiter of [...waiting]) {
    const error = waitMs > 0 && waiter.patience?.(waitMs);
    if (error) drop(queue, waiter, error);
  }
  if (waiting.length === 0) {
    if (queue.state.phase === 'draining') queue.state = { ...queue.state, phase: 'open' };
  } else if (waitMs > 0) {
    // Rounded up: a timer that fires early would find the gate closed and start another of no length.
    queue.timer = clock.setTimeout(() => settle(queue), Math.ceil(waitMs));
  } else if (queue.state.phase === 'closed') {
    queue.state = { ...queue.state, phase: 'probing', inFlight: 0 };
    letGo(queue, 1);
  }
}
