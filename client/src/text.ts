/** Yields the text of an answer as it comes. Throws the signal's reason when it aborts, and what breaks the connection. */
export async function* readText(
  open: () => Promise<Response>,
  signal: AbortSignal | undefined,
): AsyncGenerator<string, void, undefined> {
  const { body } = await open();
  if (body === null) return;
  const reader = body.getReader();
  const cancel = () => void reader.cancel().catch(() => undefined);
  signal?.addEventListener('abort', cancel);
  try {
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    signal?.removeEventListener('abort', cancel);
    cancel();
  }
}
