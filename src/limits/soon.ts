/** An answer that comes at once from memory, and after a round trip from a store that processes share. */
export type MaybePromise<T> = T | Promise<T>;

/** Returns what `next` makes of an answer: at once when it is there, so that memory costs no turn of the event loop. */
export function thenMaybe<T, R>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<R>,
): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
