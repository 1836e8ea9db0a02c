import { useSyncExternalStore } from 'react';

/** Below Tailwind's `sm`: phones. */
const QUERY = '(width < 40rem)';

function subscribe(listener: () => void): () => void {
  const query = matchMedia(QUERY);
  query.addEventListener('change', listener);
  return () => query.removeEventListener('change', listener);
}

/** Whether the window is as narrow as a phone: for content that CSS alone cannot rearrange. */
export function useIsNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => matchMedia(QUERY).matches);
}
