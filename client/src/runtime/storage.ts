import { isBrowser, SURROUNDINGS } from './environment.ts';

/** Where the queue outlives the app: localStorage, AsyncStorage, a file. Each method may be sync or async. */
export type AppflowStorage = {
  getItem: (key: string) => string | null | undefined | Promise<string | null | undefined>;
  setItem: (key: string, value: string) => unknown;
  removeItem: (key: string) => unknown;
};

/** Returns the storage that is there without asking; undefined where there is none, or a page may not use it. */
export function findStorage(): AppflowStorage | undefined {
  if (!isBrowser()) return undefined;
  try {
    return SURROUNDINGS.localStorage as AppflowStorage | undefined;
  } catch {
    return undefined;
  }
}
