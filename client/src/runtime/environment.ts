import { AppflowError } from '../api/errors.ts';

/** Globals beyond the language that may exist, by the names browsers, React Native and Node use. */
type Globals = {
  document?: EventTarget & { visibilityState?: string };
  importScripts?: unknown;
  location?: { hostname?: string };
  navigator?: { language?: string };
  localStorage?: { getItem: (key: string) => string | null };
  addEventListener?: EventTarget['addEventListener'];
  __DEV__?: boolean;
  process?: { env?: Record<string, string | undefined> };
};

/** The global object; any of these members can be missing. */
export const GLOBALS: Globals = globalThis as unknown as Globals;

/** Whether this runs where anyone can read the code: in a page or a web worker. */
export function isBrowser({ document, importScripts }: Globals = GLOBALS): boolean {
  return (document ?? importScripts) !== undefined;
}

/** Whether this is a development build or a local page. */
export function isDevelopment({ __DEV__, process, location }: Globals = GLOBALS): boolean {
  return __DEV__ ?? (process?.env?.NODE_ENV === 'development' || location?.hostname === 'localhost');
}

/** Throws AppflowError in a browser, where anyone can read the key, if it starts with one of `prefixes`. */
export function rejectInBrowser(apiKey: string, prefixes: readonly string[]): void {
  if (isBrowser() && prefixes.some((prefix) => apiKey.startsWith(prefix))) {
    throw new AppflowError('In a browser this key would be public: use a client key (ck_).', {
      code: 'secret_key_in_browser',
    });
  }
}
