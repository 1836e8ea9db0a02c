/** An answer that comes at once from memory, and after a round trip from a store that processes share. */
export type Soon<T> = T | Promise<T>;

/** Returns what `next` makes of an answer: at once when it is there, so that memory costs no turn of the event loop. */
export function soon<T, R>(answer: Soon<T>, next: (known: T) => Soon<R>): Soon<R> {
  return answer instanceof Promise ? answer.then(next) : next(answer);
}
