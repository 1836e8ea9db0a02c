import { createHash } from 'node:crypto';
import { copyDigits } from '../../lib/exact-json.ts';
import { ORIGINAL_NAME } from './properties.ts';
import { isReservedName } from './reserved-events.ts';

const EVENT_NAME = /^[a-z][a-z0-9_]{0,63}$/;
const NAME_LENGTH_MAX = 64;
const PREFIX = 'event_';
const HASH_LENGTH = 8;
const READ_CHARACTERS_MAX = 1_024;

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
  'Order Refunded': 'refund',
  '[Amplitude] Application Installed': 'app_install',
  '[Amplitude] Application Updated': 'app_update',
  '[Amplitude] Application Opened': 'app_open',
  '[Amplitude] Application Backgrounded': 'app_background',
  '[Amplitude] Screen Viewed': 'screen_view',
  '[Amplitude] Page Viewed': 'page_view',
  $mp_web_page_view: 'page_view',
  $ae_first_open: 'app_install',
  $ae_updated: 'app_update',
  $ae_crashed: 'app_crash',
};

const RENAMED_TO: ReadonlySet<string> = new Set(Object.values(RENAMED));

/** Whether SDKs send a name by themselves, or call the same thing by the name that it is stored under. */
export const isAutomaticName = (sent: string, stored: string): boolean =>
  Object.hasOwn(RENAMED, sent) || (sent === stored && RENAMED_TO.has(stored));

/** Combining accents: what is left of `é` when it is taken apart. */
const ACCENTS = /\p{M}+/gu;
/** Letters and digits that are not of ASCII. */
const OTHER_LETTERS = /(?![a-z0-9])[\p{L}\p{N}]/u;

/**
 * Returns the event name that a name of any form becomes: `Order Completed` and `orderCompleted` become `order_completed`.
 * Names that are valid already, and those in `RENAMED`, come first. If letters or digits are lost, because they are not
 * Latin or the name is too long, a hash of the name is added, so that different names stay different.
 */
export function normalizeEventName(name: string): string {
  if (EVENT_NAME.test(name)) return name;
  if (Object.hasOwn(RENAMED, name)) return RENAMED[name] ?? name;
  const latin = name
    .slice(0, READ_CHARACTERS_MAX)
    .normalize('NFKD')
    .replaceAll(ACCENTS, '')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
  const words = latin.split(/[^a-z0-9]+/).filter((word) => word !== '');
  const joined = words.join('_');
  const started = /^[a-z]/.test(joined) ? joined : PREFIX + joined;
  const isCut = name.length > READ_CHARACTERS_MAX || started.length > NAME_LENGTH_MAX;
  return isCut || words.length === 0 || OTHER_LETTERS.test(latin) ? addHash(started, name) : started;
}

/** How much of the name that was sent is kept: a longer one would make the event too large. */
const ORIGINAL_CHARACTERS_MAX = 200;

type NormalizedName = {
  event_name: unknown;
  /** What was sent, for the properties of the event; empty if it is stored as it was sent. */
  original: { [ORIGINAL_NAME]?: string };
};

/** Returns the name of an event as it is stored. What is not a text, or empty, stays as it is, and is rejected later. */
export function toStoredName(sent: unknown): NormalizedName {
  if (typeof sent !== 'string' || sent === '') return { event_name: sent, original: {} };
  const event_name = normalizeEventName(sent);
  const isSame = event_name === sent;
  return { event_name, original: isSame ? {} : { [ORIGINAL_NAME]: sent.slice(0, ORIGINAL_CHARACTERS_MAX) } };
}

/** Returns an event with the name that it is stored under; reserved names and values that are not events are returned unchanged. */
export function withStoredName(event: unknown): unknown {
  if (typeof event !== 'object' || event === null || !('event_name' in event)) return event;
  if (typeof event.event_name === 'string' && isReservedName(event.event_name)) return event;
  const { event_name, original } = toStoredName(event.event_name);
  if (event_name === event.event_name) return event;
  const properties = 'properties' in event ? event.properties : undefined;
  const renamed = { ...event, event_name, properties: addOriginal(properties, original) };
  copyDigits(event, renamed);
  return renamed;
}

/** Returns properties that are not an object unchanged: the event is then rejected. */
function addOriginal(properties: unknown, original: NormalizedName['original']): unknown {
  if (properties === undefined || properties === null) return original;
  if (typeof properties !== 'object' || Array.isArray(properties)) return properties;
  const extended = { ...original, ...properties };
  copyDigits(properties, extended);
  return extended;
}

/** Returns the beginning of a name that is stored, and a hash of the one that was sent. */
function addHash(started: string, name: string): string {
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_LENGTH);
  const kept = started.slice(0, NAME_LENGTH_MAX - HASH_LENGTH - 1);
  return `${kept.endsWith('_') ? kept.slice(0, -1) : kept}_${hash}`;
}
