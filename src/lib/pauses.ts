/** Work that waits to run between two blocks. */
export type Pauses = {
  /** Resolves or rejects as `work` does, once it had its turn. */
  add(work: () => Promise<void>, options?: PauseOptions): Promise<void>;
  isEmpty(): boolean;
  /** Runs what waits, one after another, after `prepare`; rejects it when that fails. Never rejects. */
  run(prepare: () => Promise<void>): Promise<void>;
};

/** `evenIfFailing`: also while acknowledged events cannot be inserted. Otherwise it is rejected then. */
export type PauseOptions = { evenIfFailing?: boolean };

type Waiting = { work: () => Promise<void>; reject: (error: unknown) => void; evenIfFailing: boolean };

/** Returns an empty list. */
export function createPauses(): Pauses {
  const waiting: Waiting[] = [];
  return {
    add(work, { evenIfFailing = false } = {}) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      waiting.push({ work: () => work().then(resolve, reject), reject, evenIfFailing });
      return promise;
    },
    isEmpty: () => waiting.length === 0,
    async run(prepare) {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        try {
          await prepare();
        } catch (error) {
          if (!next.evenIfFailing) {
            next.reject(error);
            continue;
          }
        }
        await next.work();
      }
    },
  };
}
