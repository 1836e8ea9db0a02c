/** How long a statement may run, in ticks: after `overdueTicks` it is overdue, after `stuckTicks` the engine is stuck. */
export type StatementLimits = { tickMs: number; overdueTicks: number; stuckTicks: number };

/** Notices statements that do not end. */
export type Watchdog = {
  /** Runs a statement and returns its outcome, however late it comes. */
  watch<T>(statement: () => Promise<T>): Promise<T>;
  /** How long the oldest running statement has run, in whole ticks; 0 when none runs. */
  oldestMs(): number;
  /** Whether a statement has run for `overdueTicks`. */
  isOverdue(): boolean;
  /** Starts the clock; statements before that (migrations, a repair) take as long as they need. */
  start(on: { overdue: () => void; stuck: () => void }): void;
  stop(): void;
};

/**
 * A block takes milliseconds, on a very slow disk seconds. Linux gives a disk 30 s for a command before it resets it, and
 * five minutes outlast the failover of a network disk.
 */
const STATEMENT_LIMITS: StatementLimits = { tickMs: 1_000, overdueTicks: 30, stuckTicks: 300 };

/**
 * Returns a watchdog. It counts ticks of a timer instead of comparing times: in a process that was paused (SIGSTOP,
 * `docker pause`, a suspended machine) or whose event loop was blocked, the engine is not to blame for what passed.
 */
export function createWatchdog(limits: StatementLimits = STATEMENT_LIMITS): Watchdog {
  /** In order of their start. */
  const running = new Set<{ ticks: number }>();
  let timer: NodeJS.Timeout | undefined;

  function oldestTicks(): number {
    const [oldest] = running;
    return oldest?.ticks ?? 0;
  }

  return {
    async watch(run) {
      const statement = { ticks: 0 };
      running.add(statement);
      try {
        return await run();
      } finally {
        running.delete(statement);
      }
    },
    oldestMs: () => oldestTicks() * limits.tickMs,
    isOverdue: () => oldestTicks() >= limits.overdueTicks,
    start(on) {
      timer = setInterval(() => {
        for (const statement of running) statement.ticks += 1;
        if (oldestTicks() === limits.overdueTicks) on.overdue();
        if (oldestTicks() === limits.stuckTicks) on.stuck();
      }, limits.tickMs).unref();
    },
    stop: () => clearInterval(timer),
  };
}
