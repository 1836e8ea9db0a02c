import type { Exchange } from './exchange.ts';

/**
 * What every handler's input inherits. A getter of its own would give each input a hidden class of its own, which V8 keeps,
 * with everything that the request refers to, until it collects all of its memory: a fifth of the time of a request.
 */
const LAZY = {
  toSignal: (): AbortSignal => AbortSignal.abort(),
  get signal(): AbortSignal {
    return this.toSignal();
  },
};

/** Returns the members with the signal of their request, which is created when it is read: few handlers need it. */
export function withSignal<T extends object>(
  members: T,
  { signal }: Pick<Exchange, 'signal'>,
): T & { readonly signal: AbortSignal } {
  const input: typeof LAZY = Object.create(LAZY);
  input.toSignal = signal;
  return Object.assign(input, members);
}
