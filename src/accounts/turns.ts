/** Runs work of the same name one after the other, in the order of the calls. Resolves and rejects as the work does. */
export type Turns = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** Returns turns without any work. A name takes memory only while its work runs or waits. */
export function createTurns(): Turns {
  const last = new Map<string, Promise<void>>();
  return async (name, work) => {
    const before = last.get(name);
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    last.set(name, ended);
    await before;
    try {
      return await work();
    } finally {
      if (last.get(name) === ended) last.delete(name);
      end();
    }
  };
}
