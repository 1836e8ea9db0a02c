import type { EventContext } from '../api/wire.ts';
import { SURROUNDINGS } from '../runtime/environment.ts';

/** Returns what a page tells of its visitor without being asked; nothing outside of a page. */
export function guessContext(): EventContext {
  const { document, navigator } = SURROUNDINGS;
  return {
    ...(document && { platform: 'web' }),
    ...(navigator?.language && { locale: navigator.language }),
  };
}

/** Calls `send` when a page may be seen for the last time; returns how to stop that. */
export function onPageHidden(send: () => void): () => void {
  const { document } = SURROUNDINGS;
  const end = new AbortController();
  const onChange = () => {
    if (document?.visibilityState === 'hidden') send();
  };
  document?.addEventListener('visibilitychange', onChange, end);
  SURROUNDINGS.addEventListener?.('pagehide', send, end);
  return () => end.abort();
}
