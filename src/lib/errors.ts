/**
 * Why a store failed. `unavailable`: the outcome is unknown, retry; `timeout`: the query's time limit passed;
 * `too_large`: the query needs more memory than it may use, and will again; `busy`: a queue is full, or another process has the store open;
 * nothing was done.
 */
export type StorageErrorReason = 'unavailable' | 'timeout' | 'too_large' | 'busy';

/**
 * The only error that stores throw for their own failures. `cause` is for the log, never for a caller. `isPartial` if what
 * came before it in the same request is stored.
 */
export class StorageError extends Error {
  readonly reason: StorageErrorReason;
  readonly isPartial: boolean;

  constructor(reason: StorageErrorReason, message: string, cause?: unknown, isPartial = false) {
    super(message, { cause });
    this.name = 'StorageError';
    this.reason = reason;
    this.isPartial = isPartial;
  }
}

/** Returns the code of a system, SQLite or engine error, such as `ENOENT`; empty when it has none. */
export function errorCodeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Returns the message of a thrown value, which need not be an Error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
