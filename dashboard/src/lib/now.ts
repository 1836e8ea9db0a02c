import { useSyncExternalStore } from 'react';

const TICK_MS = 15_000;
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

/** Updates all relative times on the page now: for data that is newer than the last update. */
export function refreshNow(): void {
  now = Date.now();
  for (const listener of listeners) listener();
}

// One timer for all relative times on the page. It runs only while there are some.
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(refreshNow, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** Returns the current time (epoch milliseconds), updated every 15 seconds and by `refreshNow`. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => {
    if (timer === undefined) now = Date.now();
    return now;
  });
}
