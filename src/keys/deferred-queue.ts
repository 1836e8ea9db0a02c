/** Work that must not hold up a request: kept in memory and written a little later, all of it at once. */
export type DeferredQueue<T> = {
  /** Whether it was taken: beyond the bound nothing is, so that memory stays bounded. */
  push: (item: T) => boolean;
  /** Resolves when what was pushed before is written, or has failed and was told to `onError`. */
  flush: () => Promise<void>;
  /** Flushes for the last time. */
  close: () => Promise<void>;
};

export type DeferredQueueOptions<T> = {
  delayMs: number;
  itemsMax: number;
  write: (items: readonly T[]) => Promise<void>;
  /** Gets what `write` threw; the items stay queued as far as there is room, and are tried again. */
  onError: (error: unknown) => void;
};

/** Returns a queue whose items are written at most every `delayMs`; an empty one costs nothing. */
export function createDeferredQueue<T>(options: DeferredQueueOptions<T>): DeferredQueue<T> {
  const { delayMs, itemsMax, write, onError } = options;
  let items: T[] = [];
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  async function writeAll(): Promise<void> {
    const batch = items;
    if (batch.length === 0) return;
    items = [];
    try {
      await write(batch);
    } catch (error) {
      onError(error);
      items = [...batch, ...items].slice(0, itemsMax);
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
    timer ??= setTimeout(flush, delayMs);
    timer.unref();
  }

  return {
    push(item) {
      if (items.length >= itemsMax) return false;
      items.push(item);
      schedule();
      return true;
    },
    flush,
    async close() {
      await flush();
      clearTimeout(timer);
    },
  };
}
