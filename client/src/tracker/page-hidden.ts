import { GLOBALS } from '../runtime/environment.ts';

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
