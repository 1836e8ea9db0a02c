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
  Intl?: { DateTimeFormat: () => { resolvedOptions: () => { locale: string } } };
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
