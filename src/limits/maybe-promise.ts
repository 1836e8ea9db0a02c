/** A value available immediately from memory, or after a round trip from a store shared by processes. */
export type MaybePromise<T> = T | Promise<T>;

/**
 * Returns `next(value)`, synchronously when the value is there, so that the memory store costs no turn of the event
 * loop.
 */
export function thenMaybe<T, R>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<R>,
): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
