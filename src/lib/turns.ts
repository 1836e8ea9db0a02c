/** Runs work one after another: each starts when those before it have ended, whether they failed or not. */
export type Turns = {
  /** Resolves or rejects as `work` does, once it had its turn. */
  run: <T>(work: () => Promise<T>) => Promise<T>;
  /** Resolves when all work that was given so far has ended. */
  idle: () => Promise<void>;
};

/** Returns turns that nothing waits for yet. */
export function createTurns(): Turns {
  let last: Promise<void> = Promise.resolve();
  return {
    run(work) {
      const done = last.then(work);
      last = done.then(
        () => {},
        () => {},
      );
      return done;
    },
    idle: () => last,
  };
}
