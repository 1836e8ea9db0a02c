import type { Clock } from '../runtime/clock.ts';

/** How long nothing may come until a connection counts as broken. */
export type Silence = { clock: Clock; maxMs: number };

/**
 * Yields the text of an answer as it comes. Throws the signal's reason when it aborts, and what breaks the connection; ends
 * when nothing comes for too long, while somebody waits for it.
 */
export async function* readText(
  open: () => Promise<Response>,
  signal: AbortSignal | undefined,
  silence?: Silence,
): AsyncGenerator<string, void, undefined> {
  const { body } = await open();
  if (body === null) return;
  const reader = body.getReader();
  const cancel = () => void reader.cancel().catch(() => undefined);
  signal?.addEventListener('abort', cancel);
  try {
    const decoder = new TextDecoder();
    for (;;) {
      // A connection may be gone without a word; cancelled, it reads as ended.
      const timer = silence?.clock.setTimeout(cancel, silence.maxMs);
      const { done, value } = await reader.read().finally(() => silence?.clock.clearTimeout(timer));
      signal?.throwIfAborted();
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    signal?.removeEventListener('abort', cancel);
    cancel();
  }
}
