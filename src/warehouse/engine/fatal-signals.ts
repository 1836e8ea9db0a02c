/**
 * The signals that the engine catches when it opens (ClickHouse, `setupCommonDeadlySignalHandlers`). Its handler waits
 * up to five minutes for a thread that does not run in process; meanwhile the dead process keeps its port and its locks.
 */
export const FATAL_SIGNALS = [
  'SIGABRT',
  'SIGSEGV',
  'SIGBUS',
  'SIGILL',
  'SIGFPE',
  'SIGTRAP',
  'SIGSYS',
  'SIGTSTP',
] as const satisfies readonly NodeJS.Signals[];

/**
 * Gives these signals their default action again: the process ends (or stops, for SIGTSTP) immediately, also when V8
 * runs out of memory and calls abort(3). Call it after each connection: the engine sets its handlers whenever it starts.
 */
export function restoreFatalSignals(): void {
  for (const signal of FATAL_SIGNALS) {
    // Node cannot set a default action, but libuv sets it when a signal loses its last listener (uv_signal_stop).
    process.on(signal, ignore);
    process.off(signal, ignore);
  }
}

function ignore(): void {}
