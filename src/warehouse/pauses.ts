/** Work that waits to run between two blocks. */
export type Pauses = {
  /** Resolves or rejects as `work` does, once it had its turn. */
  add(work: () => Promise<void>): Promise<void>;
  isEmpty(): boolean;
  /** Runs what waits, one after another. Never rejects. */
  run(): Promise<void>;
};

/** Returns an empty list. */
export function createPauses(): Pauses {
  const waiting: (() => Promise<void>)[] = [];
  return {
    add(work) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      waiting.push(() => work().then(resolve, reject));
      return promise;
    },
    isEmpty: () => waiting.length === 0,
    async run() {
      for (let work = waiting.shift(); work !== undefined; work = waiting.shift()) await work();
    },
  };
}
