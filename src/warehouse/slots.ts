import { setTimeout } from 'node:timers/promises';
import { StorageError } from '../lib/storage-error.ts';

/** A fixed number of things that are used by one caller at a time. */
export type Slots<S> = {
  /**
   * Runs `task` on a free slot, waiting for one in order of arrival. When `signal` aborts, the caller gets its
   * reason at once, while a slot that runs stays taken until its task settles. Rejects with StorageError
   * `busy` when too many wait or after `close`.
   */
  run<T>(task: (slot: S) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Rejects what waits, waits up to 2 s for what runs, then closes each slot. */
  close(): Promise<void>;
};

/** An abandoned statement runs on until its time limit or until it is killed; a graceful stop cannot wait for that. */
const CLOSE_WAIT_MS = 2_000;

type Waiter<S> = { take: (slot: S) => void; drop: (error: unknown) => void };

/** Returns slots over `all`; at most `waitingMax` callers wait. */
export function createSlots<S extends { close(): Promise<void> }>(all: S[], waitingMax: number): Slots<S> {
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
    next.take(slot);
  }

  function acquire(signal: AbortSignal | undefined): Promise<S> {
    if (closed) throw new StorageError('busy', 'The event store is closing');
    signal?.throwIfAborted();
    const slot = free.pop();
    if (slot !== undefined) return Promise.resolve(slot);
    if (waiting.size >= waitingMax)
      throw new StorageError('busy', 'Too many queries wait for the event store');
    return new Promise((resolve, reject) => {
      const waiter = { take: resolve, drop: reject };
      waiting.add(waiter);
      signal?.addEventListener('abort', () => waiting.delete(waiter) && reject(signal.reason), {
        once: true,
      });
    });
  }

  async function use<T>(slot: S, task: (slot: S) => Promise<T>): Promise<T> {
    try {
      return await task(slot);
    } finally {
      release(slot);
    }
  }

  return {
    async run<T>(task: (slot: S) => Promise<T>, signal?: AbortSignal) {
      const work = use(await acquire(signal), task);
      running.add(work);
      const forget = () => running.delete(work);
      work.then(forget, forget);
      return await (signal === undefined ? work : untilAbort(work, signal));
    },
    async close() {
      closed = true;
      for (const waiter of waiting) waiter.drop(new StorageError('busy', 'The event store is closing'));
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
