import { AppflowError } from '../api/errors.ts';

/** What may be there beside the language, by the names that browsers, React Native and Node have for it. */
type Surroundings = {
  document?: EventTarget & { visibilityState?: string };
  importScripts?: unknown;
  location?: { hostname?: string };
  navigator?: { language?: string };
  localStorage?: { getItem: (key: string) => string | null };
  addEventListener?: EventTarget['addEventListener'];
  __DEV__?: boolean;
  process?: { env?: Record<string, string | undefined> };
};

/** Everything outside the language, none of which must be there. */
export const SURROUNDINGS: Surroundings = globalThis as unknown as Surroundings;

/** Whether this runs where anyone can read the code: a page or a worker of one. */
export function isBrowser({ document, importScripts }: Surroundings = SURROUNDINGS): boolean {
  return document !== undefined || importScripts !== undefined;
}

/** Whether a developer is looking on. */
export function isDevelopment({ __DEV__, process, location }: Surroundings = SURROUNDINGS): boolean {
  return __DEV__ ?? (process?.env?.NODE_ENV === 'development' || location?.hostname === 'localhost');
}

/** Throws when a key that starts with one of `prefixes` would be in a browser, where everyone can read it. */
export function refuseInBrowser(apiKey: string, prefixes: readonly string[]): void {
  if (!isBrowser() || !prefixes.some((prefix) => apiKey.startsWith(prefix))) return;
  throw new AppflowError('In a browser this key would be public: use a client key (ck_).', {
    code: 'secret_key_in_browser',
  });
}
