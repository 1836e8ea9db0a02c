/** Work that must not hold up a request: kept in memory and written a little later, all of it at once. */
export type DeferredQueue<T> = {
  /** Whether it is queued, now or already: beyond the bound nothing is taken, so that memory stays bounded. */
  push: (item: T) => boolean;
  /** Whether an item of this name is queued or being written. */
  has: (name: string) => boolean;
  /** Resolves when what was pushed before is written, or has failed and was told to `onError`. */
  flush: () => Promise<void>;
  /** Flushes for the last time. */
  close: () => Promise<void>;
};

export type DeferredQueueOptions<T> = {
  delayMs: number;
  itemsMax: number;
  /** Items of one name are one: while the first waits, others are dropped. Without it each is its own. */
  nameOf?: (item: T) => string;
  write: (items: readonly T[]) => Promise<void>;
  /** Gets what `write` threw; the items stay queued and are tried again, ever more rarely. */
  onError: (error: unknown) => void;
};

/** However often writing failed, it is tried again within this time. */
const RETRY_MS_MAX = 30_000;

/** Returns a queue whose items are written at most every `delayMs`; an empty one costs nothing. */
export function createDeferredQueue<T>(options: DeferredQueueOptions<T>): DeferredQueue<T> {
  const { delayMs, itemsMax, nameOf = () => Symbol('unnamed'), write, onError } = options;
  // An item leaves when it is written, not when writing begins: until then only memory knows of it.
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
