import type { Clock } from '../runtime/clock.ts';
import type { BeforeWait } from './gate.ts';
import { afterSend, type GateState, isIdle } from './gate-state.ts';

/** A call that waits. */
type Waiter = {
  /** Lets the call send its request in this generation. */
  resolve: (generation: number) => void;
  reject: (error: unknown) => void;
  beforeWait: BeforeWait | undefined;
};

/** A gate's state and the calls waiting at it, in order. */
export type GateQueue = {
  state: GateState;
  readonly openState: GateState;
  readonly clock: Clock;
  readonly waiting: Set<Waiter>;
  timer: unknown;
};

/** Returns an empty queue for an open gate; `openState` is the state it returns to. */
export function createGateQueue(clock: Clock, openState: GateState): GateQueue {
  return { state: openState, openState, clock, waiting: new Set(), timer: undefined };
}

/** Resolves with the generation to send in, once it is the caller's turn. Rejects if `beforeWait` fails it, or on abort. */
export function waitForTurn(
  queue: GateQueue,
  beforeWait?: BeforeWait,
  signal?: AbortSignal,
): Promise<number> {
  let onAbort = () => {};
  const turn = new Promise<number>((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const waiter: Waiter = { beforeWait, resolve, reject };
    onAbort = () => {
      queue.waiting.delete(waiter);
      reject(signal?.reason);
      update(queue);
    };
    signal?.addEventListener('abort', onAbort);
    // The gate may have become idle since the last update.
    openIfIdle(queue);
    queue.waiting.add(waiter);
    update(queue);
  });
  return turn.finally(() => signal?.removeEventListener('abort', onAbort));
}

/** Sets a new state and releases the calls that may now send. */
export function setState(queue: GateQueue, state: GateState): void {
  queue.state = state;
  update(queue);
}

const waitMsOf = ({ state, clock }: GateQueue): number => Math.max(0, state.opensAtMs - clock.monotonicMs());

function openIfIdle(queue: GateQueue): void {
  const { state, openState, clock, waiting } = queue;
  if (waiting.size === 0 && isIdle(state, clock.monotonicMs()))
    queue.state = { ...openState, generation: state.generation };
}

/** Releases the calls that may send. A timer runs only while calls wait, so that it never keeps a process alive. */
function update(queue: GateQueue): void {
  const { clock, waiting } = queue;
  // `beforeWait` may end its own call or others. A Set skips entries deleted during iteration, so ended calls are not asked.
  for (const waiter of waiting) {
    const waitMs = waitMsOf(queue);
    const error = waitMs > 0 && waiter.beforeWait?.(waitMs, queue.state.error);
    if (!error) continue;
    waiting.delete(waiter);
    waiter.reject(error);
  }
  for (const waiter of waiting) {
    if (queue.state.remaining === 0 || waitMsOf(queue) > 0) break;
    waiting.delete(waiter);
    queue.state = afterSend(queue.state, clock.monotonicMs());
    waiter.resolve(queue.state.generation);
  }
  openIfIdle(queue);
  clock.clearTimeout(queue.timer);
  // Rounded up: a timer that fires early would find the gate closed and start another of zero length.
  if (waiting.size > 0 && queue.state.remaining > 0)
    queue.timer = clock.setTimeout(() => update(queue), Math.ceil(waitMsOf(queue)));
}
