/** A queue for work that must not delay a request: kept in memory and written a little later in one batch. */
export type DeferredQueue<T> = {
  /** Returns whether the item is queued, now or already. A full queue takes no more, so that memory stays bounded. */
  push: (item: T) => boolean;
  /** Whether an item with this name is queued or being written. */
  has: (name: string) => boolean;
  /** Resolves when what was pushed before is written, or has failed and was passed to `onError`. */
  flush: () => Promise<void>;
  /** Flushes and stops. */
  close: () => Promise<void>;
};

/** How a queue names, writes and retries its items. */
export type DeferredQueueOptions<T> = {
  delayMs: number;
  itemsMax: number;
  /** Items with the same name count as one: while the first waits, others are dropped. Without it, all are kept. */
  nameOf?: (item: T) => string;
  write: (items: readonly T[]) => Promise<void>;
  /** Receives what `write` throws. The items stay queued and are retried with growing delays. */
  onError: (error: unknown) => void;
};

/** The longest delay before a retry, however often writing failed. */
const RETRY_MS_MAX = 30_000;

/** Creates a queue whose items are written at most every `delayMs` milliseconds. An empty one costs nothing. */
export function createDeferredQueue<T>(options: DeferredQueueOptions<T>): DeferredQueue<T> {
  const { delayMs, itemsMax, nameOf = () => Symbol('unnamed'), write, onError } = options;
  // An item is removed when it is written, not when writing begins: until then it exists only in memory.
  const items = new Map<string | symbol, T>();
  let failuresInARow = 0;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  async function writeAll(): Promise<void> {
    const batch = [...items];
    if (batch.length === 0) return;
    try {
      await write(batch.map(([, item]) => item));
      for (const [name] of batch) items.delete(name);
      failuresInARow = 0;
    } catch (error) {
      failuresInARow += 1;
      onError(error);
      schedule();
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    running = running.then(writeAll);
    return running;
  }

  function schedule(): void {
    timer ??= setTimeout(flush, Math.min(delayMs * 2 ** failuresInARow, RETRY_MS_MAX));
    timer.unref();
  }

  return {
    push(item) {
      const name = nameOf(item);
      if (items.has(name)) return true;
      if (items.size >= itemsMax) return false;
      items.set(name, item);
      schedule();
      return true;
    },
    has: (name) => items.has(name),
    flush,
    async close() {
      await flush();
      clearTimeout(timer);
    },
  };
}
