import type { EventContext } from '../api/events.ts';
import { GLOBALS } from '../runtime/environment.ts';

/** React Native's `Platform`, as far as it is used. `Version` is a number on Android: the API level. */
export type ReactNativePlatform = {
  OS: string;
  Version?: string | number | undefined;
  /** On Android `Release` and `Model`. Not declared: React Native's type for iOS has nothing in common with that. */
  constants?: object;
};

/** What is known about the device; a value may be missing. */
export type DetectedContext = Partial<Record<keyof EventContext, string | number | undefined>>;

/**
 * Returns the context that can be read without a permission: the language and, in React Native, what `Platform` knows. Not a
 * page's user agent: browsers freeze its OS version. Not npm_package_version in Node: it is that of the folder npm runs in.
 */
export function detectContext(platform?: ReactNativePlatform): DetectedContext {
  const { document, navigator } = GLOBALS;
  const { OS, Version } = platform ?? {};
  const constants = platform?.constants as { Release?: string; Model?: string } | undefined;
  return {
    platform: OS ?? (document && 'web'),
    os_version: constants?.Release ?? Version,
    device_model: constants?.Model,
    locale: navigator?.language ?? GLOBALS.Intl?.DateTimeFormat().resolvedOptions().locale,
  };
}
