/** Work that is repeated in the background for as long as a process runs. */
export type PeriodicTask = {
  everyMs: number;
  run: () => Promise<unknown>;
  /** Receives what a run throws, usually to log it. The next run still takes place. */
  onError: (error: unknown) => void;
  /** Whether the first run starts now (the default) or after `everyMs`. */
  startsNow?: boolean;
};

/**
 * Runs a task every `everyMs` milliseconds, never twice at the same time, without keeping the process alive. A run that
 * becomes due during another one starts right after it. Returns the function that stops it; its promise resolves once
 * the runs that were due have finished.
 */
export function runPeriodically({
  everyMs,
  run,
  onError,
  startsNow = true,
}: PeriodicTask): () => Promise<void> {
  let runs: Promise<void> = Promise.resolve();
  let isQueued = false;
  const queueRun = () => {
    // One in the queue is enough: a run that hangs must not pile up others behind it.
    if (isQueued) return;
    isQueued = true;
    runs = runs
      .then(async () => {
        isQueued = false;
        await run();
      })
      .catch(onError);
  };
  if (startsNow) queueRun();
  const timer = setInterval(queueRun, everyMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await runs;
  };
}

/**
 * Runs a flush every `everyMs` milliseconds. Returns the function that stops it, with a last flush; it never rejects. The last flush
 * doesn't wait for one that is running: each may wait 5 s for another process's write lock, and flushes take turns anyway.
 */
export function flushPeriodically(task: Omit<PeriodicTask, 'startsNow'>): () => Promise<void> {
  const stop = runPeriodically({ ...task, startsNow: false });
  return async () => {
    await Promise.all([stop(), task.run().catch(task.onError)]);
  };
}
