import type { Clock } from '../runtime/clock.ts';

/** How long a connection may be idle before it counts as broken. */
export type IdleTimeout = { clock: Clock; ms: number };

/**
 * Yields the text of a response as it arrives. Throws the signal's reason if it aborts, and the error of a broken connection;
 * ends if a read has waited longer than the idle timeout.
 */
export async function* readText(
  open: () => Promise<Response>,
  signal: AbortSignal | undefined,
  idleTimeout?: IdleTimeout,
): AsyncGenerator<string, void, undefined> {
  const { body } = await open();
  if (body === null) return;
  const reader = body.getReader();
  const cancel = () => void reader.cancel().catch(() => undefined);
  signal?.addEventListener('abort', cancel);
  try {
    const decoder = new TextDecoder();
    for (;;) {
      // A connection can die silently; canceling makes the pending read finish.
      const timer = idleTimeout?.clock.setTimeout(cancel, idleTimeout.ms);
      const { done, value } = await reader.read().finally(() => idleTimeout?.clock.clearTimeout(timer));
      signal?.throwIfAborted();
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    signal?.removeEventListener('abort', cancel);
    cancel();
  }
}
