import { createHash } from 'node:crypto';

const EVENT_NAME = /^[a-z][a-z0-9_]{0,63}$/;
const NAME_LENGTH_MAX = 64;
const PREFIX = 'event_';
const HASH_LENGTH = 8;

/** Names that SDKs send by themselves, and what the same thing is called here. */
export const RENAMED: Readonly<Record<string, string>> = {
  $screen: 'screen_view',
  $pageview: 'page_view',
  $pageleave: 'page_leave',
  'Application Installed': 'app_install',
  'Application Updated': 'app_update',
  'Application Opened': 'app_open',
  'Application Backgrounded': 'app_background',
  'Application Foregrounded': 'app_foreground',
  'Application Crashed': 'app_crash',
  '[Amplitude] Application Installed': 'app_install',
  '[Amplitude] Application Updated': 'app_update',
  '[Amplitude] Application Opened': 'app_open',
  '[Amplitude] Application Backgrounded': 'app_background',
  '[Amplitude] Screen Viewed': 'screen_view',
  '[Amplitude] Page Viewed': 'page_view',
};

/** Combining accents: what is left of `é` when it is taken apart. */
const ACCENTS = /\p{M}+/gu;

/**
 * Returns the event name that a name of any form becomes: `Order Completed` and `orderCompleted` become `order_completed`.
 * Names that are valid already, and those in `RENAMED`, come first. A name without letters or digits of ASCII becomes
 * `event_` and a hash of it, so that different names stay different.
 */
export function normalizeEventName(name: string): string {
  if (EVENT_NAME.test(name)) return name;
  if (Object.hasOwn(RENAMED, name)) return RENAMED[name] ?? name;
  const words = name
    .slice(0, 1_024)
    .normalize('NFKD')
    .replaceAll(ACCENTS, '')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
    .join('_');
  if (words === '') return PREFIX + createHash('sha256').update(name).digest('hex').slice(0, HASH_LENGTH);
  const started = /^[a-z]/.test(words) ? words : PREFIX + words;
  const cut = started.slice(0, NAME_LENGTH_MAX);
  return cut.endsWith('_') ? cut.slice(0, -1) : cut;
}
