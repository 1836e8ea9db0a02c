import { setTimeout } from 'node:timers/promises';
import { StorageError } from '../../lib/errors.ts';

/** A fixed pool of resources, each used by one caller at a time. */
export type SlotPool<S> = {
  /**
   * Runs `task` on a free slot, waiting for one in order of arrival. On abort, the caller is rejected immediately
   * with the signal's reason, while a running slot stays taken until its task settles. Rejects with StorageError
   * `busy` when too many callers wait or after `close`.
   */
  run<T>(task: (slot: S) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Rejects waiting callers, waits up to 2 s for running tasks, then closes each slot. */
  close(): Promise<void>;
};

/** An abandoned statement runs until its time limit or until it is killed. A graceful stop cannot wait that long. */
const CLOSE_WAIT_MS = 2_000;

type Waiter<S> = { resolve: (slot: S) => void; reject: (error: unknown) => void };

/** Returns a pool over `all`. At most `waitingMax` callers wait. */
export function createSlotPool<S extends { close(): Promise<void> }>(
  all: S[],
  waitingMax: number,
): SlotPool<S> {
  const free = [...all];
  const waiting = new Set<Waiter<S>>();
  const running = new Set<Promise<unknown>>();
  let closed = false;

  function release(slot: S): void {
    const [next] = waiting;
    if (next === undefined) {
      free.push(slot);
      return;
    }
    waiting.delete(next);
    next.resolve(slot);
  }

  function acquire(signal: AbortSignal | undefined): Promise<S> {
    if (closed) throw new StorageError('busy', 'The event store is closing');
    signal?.throwIfAborted();
    const slot = free.pop();
    if (slot !== undefined) return Promise.resolve(slot);
    if (waiting.size >= waitingMax)
      throw new StorageError('busy', 'Too many queries wait for the event store');
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject };
      waiting.add(waiter);
      signal?.addEventListener('abort', () => waiting.delete(waiter) && reject(signal.reason), {
        once: true,
      });
    });
  }

  async function runOn<T>(slot: S, task: (slot: S) => Promise<T>): Promise<T> {
    try {
      return await task(slot);
    } finally {
      release(slot);
    }
  }

  return {
    async run<T>(task: (slot: S) => Promise<T>, signal?: AbortSignal) {
      const work = runOn(await acquire(signal), task);
      running.add(work);
      const onSettled = () => running.delete(work);
      work.then(onSettled, onSettled);
      return await (signal === undefined ? work : untilAbort(work, signal));
    },
    async close() {
      closed = true;
      for (const waiter of waiting) waiter.reject(new StorageError('busy', 'The event store is closing'));
      waiting.clear();
      await Promise.race([Promise.allSettled(running), setTimeout(CLOSE_WAIT_MS, undefined, { ref: false })]);
      await Promise.all(all.map((slot) => slot.close()));
    },
  };
}

/** Returns what `work` resolves to; rejects with the reason of `signal` when that aborts first. */
export async function untilAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
