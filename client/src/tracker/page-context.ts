import type { EventContext } from '../api/events.ts';
import { GLOBALS } from '../runtime/environment.ts';

/** Returns the context a page reveals without a prompt; empty outside a page. */
export function detectContext(): EventContext {
  const { document, navigator } = GLOBALS;
  return {
    ...(document && { platform: 'web' }),
    ...(navigator?.language && { locale: navigator.language }),
  };
}

/** Calls `send` when a page is hidden or closed, which may be its last chance to run; returns how to stop listening. */
export function onPageHidden(send: () => void): () => void {
  const { document } = GLOBALS;
  const abort = new AbortController();
  const onChange = () => {
    if (document?.visibilityState === 'hidden') send();
  };
  document?.addEventListener('visibilitychange', onChange, abort);
  GLOBALS.addEventListener?.('pagehide', send, abort);
  return () => abort.abort();
}
