import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

/** Logs a failure that lasts once, not with each request that it concerns. */
export type FailureLog = {
  /** Logs the first failure with its cause. One line per failed request after it would only fill the disk. */
  add(error: unknown, what: string): void;
  /** Logs that it works again, if it did not. */
  end(): void;
  /** Whether something failed since the last `end`. */
  isFailing(): boolean;
};

/** Returns a failure log in which nothing has failed. `onFailure` is called with each failure. */
export function createFailureLog({
  log,
  clock,
  onFailure,
}: {
  log: Log;
  clock: Clock;
  onFailure?: ((error: unknown) => void) | undefined;
}): FailureLog {
  let failing: { since: number; times: number } | undefined;
  return {
    add(err, what) {
      onFailure?.(err);
      if (failing === undefined) log.error({ err }, `${what}; logged again when events are stored again`);
      failing ??= { since: clock.now(), times: 0 };
      failing.times += 1;
    },
    end() {
      if (failing === undefined) return;
      const { since, times } = failing;
      log.warn({ failures: times, forMs: clock.now() - since }, 'events are stored again');
      failing = undefined;
    },
    isFailing: () => failing !== undefined,
  };
}
