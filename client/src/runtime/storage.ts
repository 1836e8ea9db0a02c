import { GLOBALS, isBrowser } from './environment.ts';

/** Where the queue is persisted: localStorage, AsyncStorage, a file. Each method may be sync or async. */
export type AppflowStorage = {
  getItem: (key: string) => string | null | undefined | Promise<string | null | undefined>;
  setItem: (key: string, value: string) => unknown;
  removeItem: (key: string) => unknown;
};

/** Returns localStorage in a browser; undefined elsewhere, or if the page may not use it. */
export function findStorage(): AppflowStorage | undefined {
  if (!isBrowser()) return undefined;
  try {
    return GLOBALS.localStorage as AppflowStorage | undefined;
  } catch {
    return undefined;
  }
}
