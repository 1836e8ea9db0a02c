/**
 * Why a store could not answer. `unavailable`: the outcome is unknown, ask again;
 * `timeout`: the query's time limit passed; `busy`: a queue is full, nothing was done.
 */
export type StorageErrorReason = 'unavailable' | 'timeout' | 'busy';

/** The only error stores throw for trouble of theirs. `cause` is for the log, never for a caller. */
export class StorageError extends Error {
  readonly reason: StorageErrorReason;

  constructor(reason: StorageErrorReason, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StorageError';
    this.reason = reason;
  }
}
