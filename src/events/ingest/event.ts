import { isCurrency } from '../../api/formats.ts';
import { redactSecrets } from '../../directory/secret.ts';
import { HOUR_MS } from '../../lib/durations.ts';
import { newUlid } from '../../lib/id.ts';
import { parseTimestamp } from '../../lib/timestamp.ts';
import type { EventRow } from '../../warehouse/event-row.ts';
import { hasAtMostCharacters, parseContext } from './context.ts';
import { isPlaceholderAppUserId } from './placeholder.ts';
import { parseProperties } from './properties.ts';
import { parseRevenue } from './revenue.ts';

/** The closed list of reasons to refuse one event of a batch, each with its cure for the documentation. */
export const REJECTION_CURES = {
  invalid_event: 'Send each element of events as a JSON object.',
  event_too_large:
    'Send at most 32 KB (32,768 bytes) of JSON per event: shorten the properties, or split the event.',
  invalid_event_name:
    'Name the event in snake_case: a lower-case letter, then at most 63 lower-case letters, digits or underscores.',
  invalid_app_user_id: 'Send app_user_id as a string of 1 to 256 bytes.',
  placeholder_app_user_id:
    'Send the id of one person or device, not a placeholder such as "null": the client makes a random id until one is known.',
  invalid_event_id: 'Send event_id as 1 to 128 visible ASCII characters, or leave it out.',
  invalid_timestamp: 'Send timestamp as RFC 3339 ("2026-11-22T10:00:00.000Z") or as epoch milliseconds.',
  timestamp_too_old: 'Send timestamps from the year 2000 on; as a number they are milliseconds, not seconds.',
  timestamp_in_future:
    'Send timestamps at most 1 hour ahead of the server; sent_at with the batch corrects a wrong device clock.',
  invalid_session_id: 'Send session_id as a string of at most 128 characters, or leave it out.',
  invalid_properties:
    'Send properties as an object of at most 200 keys, nested at most 5 deep, with keys of at most 128 characters.',
  invalid_context: 'Send context as an object whose known keys are strings of at most 128 characters.',
  invalid_revenue:
    'Send properties.revenue as a decimal such as "9.99": at most 18 integer digits and 6 decimals, negative only on refund.',
  invalid_currency: 'Send properties.currency as an upper-case ISO 4217 code such as "USD".',
  app_required: 'Send app_id with the batch or the event: the project has several apps.',
  app_not_found: 'Send the app_id of an app in this project.',
  app_not_allowed: 'Use a key that reaches this app, or send the app_id of one that the key reaches.',
} as const;

/** Why one event was refused. */
export type RejectionCode = keyof typeof REJECTION_CURES;

/** One refused event as the answer tells it; `field` is a path in the event such as `context.platform`. */
export type Rejection = { code: RejectionCode; field: string; message: string; event_id?: string };

/** What every event of a batch shares. Times are epoch milliseconds; `sentAt` is the device's clock. */
export type BatchContext = {
  projectId: string;
  keyId: string;
  verified: 0 | 1;
  receivedAt: number;
  sentAt: number | undefined;
};

/** The app an event belongs to; `currency` is the one of amounts that name none. */
export type AppOfEvent = { id: string; currency: string };

/** A row to store with the paths of the keys that were dropped from it, or why the event is refused. */
export type ParsedEvent = { row: EventRow; unknownKeys: readonly string[] } | { rejection: Rejection };

type EventFields = { readonly [Key in (typeof EVENT_KEYS)[number]]?: unknown };
type Identity = Pick<EventRow, 'event_id' | 'event_name' | 'app_user_id' | 'session_id'>;
type Money = Pick<EventRow, 'revenue' | 'currency'>;

/** The members of an event that are not dropped. */
export const EVENT_KEYS = [
  'app_id',
  'event_id',
  'event_name',
  'app_user_id',
  'session_id',
  'timestamp',
  'properties',
  'context',
] as const;
const KNOWN: ReadonlySet<string> = new Set(EVENT_KEYS);
const EVENT_BYTES_MAX = 32_768;
const EVENT_NAME = /^[a-z][a-z0-9_]{0,63}$/;
/** The one reserved name: the client's word that two ids are one person. */
const IDENTIFY = '$identify';
const EVENT_ID = /^[\x21-\x7e]{1,128}$/;
const ASCII_ID = /^[\x21-\x7e]+$/;
const UNESCAPED_ASCII = /^[ !#-[\]-~]*$/;
const VISIBLE_CHARACTER = /[^\s\p{Cc}\p{Cf}]/u;
const APP_USER_ID_BYTES_MAX = 256;
const SESSION_ID_CHARACTERS_MAX = 128;
const YEAR_2000_MS = 946_684_800_000;
const AHEAD_MS_MAX = HOUR_MS;

/**
 * Judges one element of a batch: returns the row to store, or the first rule that it breaks. Never throws on what
 * JSON.parse returns. null counts as absent for every optional field, because mobile JSON encoders send nulls.
 * Unknown keys are dropped and named (`battery`, `context.carrier`), never a reason to refuse.
 */
export function parseEvent(
  value: unknown,
  batch: BatchContext,
  resolveApp: (appId: string | undefined) => AppOfEvent | Rejection,
): ParsedEvent {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { rejection: reject('invalid_event', 'event') };
  }
  const event: EventFields = value;
  const app = findApp(event.app_id, resolveApp);
  if ('code' in app) return refuse(app, event);
  const identity = parseIdentity(event);
  if ('code' in identity) return refuse(identity, event);
  const timestamp = parseEventTime(event.timestamp, batch);
  if (typeof timestamp !== 'number') return refuse(timestamp, event);
  const context = parseContext(event.context);
  if ('message' in context) return refuse({ code: 'invalid_context', ...context }, event);
  const properties = parseProperties(event.properties);
  if ('message' in properties) return refuse({ code: 'invalid_properties', ...properties }, event);
  const money = parseMoney(properties.revenue, properties.currency, identity.event_name, app);
  if ('code' in money) return refuse(money, event);
  const unknownKeys = listUnknownKeys(event, context.unknownKeys);
  if (isTooLarge(event, properties.bytes, unknownKeys.length > 0)) {
    return refuse(reject('event_too_large', 'event'), event);
  }
  const row: EventRow = {
    project_id: batch.projectId,
    app_id: app.id,
    ...identity,
    timestamp,
    received_at: batch.receivedAt,
    properties: properties.json,
    ...money,
    key_id: batch.keyId,
    verified: batch.verified,
    ...context.columns,
  };
  return { row, unknownKeys };
}

function reject(code: RejectionCode, field: string, message: string = REJECTION_CURES[code]): Rejection {
  return { code, field, message };
}

/** Names the event when its id is one: the client finds what to repair by it. A key in its place is not repeated. */
function refuse(rejection: Rejection, { event_id }: EventFields): ParsedEvent {
  return { rejection: isEventId(event_id) ? { ...rejection, event_id: redactSecrets(event_id) } : rejection };
}

function findApp(
  appId: unknown,
  resolveApp: (appId: string | undefined) => AppOfEvent | Rejection,
): AppOfEvent | Rejection {
  if (appId === undefined || appId === null) return resolveApp(undefined);
  if (typeof appId === 'string') return resolveApp(appId);
  return reject('app_not_found', 'app_id', 'Send app_id as a string such as "app_…", or leave it out.');
}

function parseIdentity(event: EventFields): Identity | Rejection {
  const { event_name, app_user_id } = event;
  if (typeof event_name !== 'string' || !(EVENT_NAME.test(event_name) || event_name === IDENTIFY)) {
    return reject('invalid_event_name', 'event_name');
  }
  if (event_name === IDENTIFY && !namesAnonymousId(event.properties)) {
    return reject('invalid_properties', 'properties.anonymous_id', IDENTIFY_CURE);
  }
  if (!isAppUserId(app_user_id)) {
    return reject('invalid_app_user_id', 'app_user_id');
  }
  if (isPlaceholderAppUserId(app_user_id)) {
    return reject('placeholder_app_user_id', 'app_user_id');
  }
  const event_id = event.event_id ?? newUlid();
  if (!isEventId(event_id)) {
    return reject('invalid_event_id', 'event_id');
  }
  const session_id = event.session_id ?? '';
  if (!isSessionId(session_id)) {
    return reject('invalid_session_id', 'session_id');
  }
  return { event_id, event_name, app_user_id, session_id };
}

const IDENTIFY_CURE =
  'Send properties.anonymous_id with $identify: the app_user_id of the events before, not a placeholder.';

function namesAnonymousId(properties: unknown): boolean {
  if (typeof properties !== 'object' || properties === null || !('anonymous_id' in properties)) return false;
  const { anonymous_id } = properties;
  return isAppUserId(anonymous_id) && !isPlaceholderAppUserId(anonymous_id);
}

/**
 * A lone surrogate is stored as U+FFFD and NUL ends texts in C, so both could make two people one. Ids without
 * anything to see (spaces, controls, zero-width characters) come from empty fields.
 */
function isAppUserId(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > APP_USER_ID_BYTES_MAX) return false;
  if (ASCII_ID.test(value)) return true;
  if (!value.isWellFormed() || value.includes('\0') || !VISIBLE_CHARACTER.test(value)) return false;
  return Buffer.byteLength(value) <= APP_USER_ID_BYTES_MAX;
}

function isEventId(value: unknown): value is string {
  return typeof value === 'string' && EVENT_ID.test(value);
}

function isSessionId(value: unknown): value is string {
  return (
    typeof value === 'string' && hasAtMostCharacters(value, SESSION_ID_CHARACTERS_MAX) && value.isWellFormed()
  );
}

/** Both limits are judged after correction: a device that restarted in 1970 still knows how long ago it was. */
function parseEventTime(value: unknown, batch: BatchContext): number | Rejection {
  if (value === undefined || value === null) return batch.receivedAt;
  const deviceTime = parseTimestamp(value);
  if (deviceTime === undefined) {
    return reject('invalid_timestamp', 'timestamp');
  }
  const timestamp = batch.sentAt === undefined ? deviceTime : batch.receivedAt - (batch.sentAt - deviceTime);
  if (timestamp < YEAR_2000_MS) {
    return reject('timestamp_too_old', 'timestamp');
  }
  if (timestamp > batch.receivedAt + AHEAD_MS_MAX) {
    return reject('timestamp_in_future', 'timestamp');
  }
  return timestamp;
}

/** A wrong currency is refused without revenue too: the developer learns of it before the first payment. */
function parseMoney(amount: unknown, code: unknown, eventName: string, app: AppOfEvent): Money | Rejection {
  if (code !== undefined && code !== null && !isCurrency(code)) {
    return reject('invalid_currency', 'properties.currency');
  }
  if (amount === undefined || amount === null) return { revenue: null, currency: '' };
  const revenue = parseRevenue(amount);
  if (revenue === undefined || (revenue.startsWith('-') && eventName !== 'refund')) {
    return reject('invalid_revenue', 'properties.revenue');
  }
  return { revenue, currency: code ?? app.currency };
}

function listUnknownKeys(event: EventFields, ofContext: readonly string[]): readonly string[] {
  const ofEvent = Object.keys(event).filter((key) => !KNOWN.has(key));
  if (ofContext.length === 0) return ofEvent;
  return [...ofEvent, ...ofContext.map((key) => `context.${key}`)];
}

// The most that the fields beside properties take once each has passed its rule and app_id and timestamp are at
// most 64 characters: 8,400 bytes, every character escaped as \u00XX, and the names of the keys.
const OTHER_FIELDS_BYTES_MAX = 9_216;

/**
 * Whether the event's JSON, written without spaces, exceeds 32,768 bytes of UTF-8. Exact; an event whose
 * properties leave room for the longest other fields (nearly every one) is not measured.
 */
function isTooLarge(event: EventFields, propertiesBytes: number, hasUnknownKeys: boolean): boolean {
  const isBounded = !hasUnknownKeys && !isLongText(event.timestamp) && !isLongText(event.app_id);
  if (isBounded && propertiesBytes + OTHER_FIELDS_BYTES_MAX <= EVENT_BYTES_MAX) return false;
  return isJsonLongerThan(event, EVENT_BYTES_MAX);
}

function isLongText(value: unknown): boolean {
  return typeof value === 'string' && value.length > 64;
}

/** Adds up the parts on a list of its own: JSON.stringify overflows the stack on some 5,000 nested brackets. */
function isJsonLongerThan(root: unknown, bytesMax: number): boolean {
  const waiting: unknown[] = [root];
  let bytes = 0;
  while (waiting.length > 0 && bytes <= bytesMax) {
    const value = waiting.pop();
    if (typeof value !== 'object' || value === null) {
      bytes += leafBytes(value);
      continue;
    }
    const entries: unknown[] = Object.values(value);
    // Two brackets and a comma between entries; a key is a text and a colon.
    bytes += 2 + Math.max(0, entries.length - 1);
    if (!Array.isArray(value)) for (const key of Object.keys(value)) bytes += leafBytes(key) + 1;
    for (const entry of entries) waiting.push(entry);
  }
  return bytes > bytesMax;
}

function leafBytes(value: unknown): number {
  // A text that JSON does not escape takes its own length and two quotes; asking is faster than writing it.
  if (typeof value === 'string' && UNESCAPED_ASCII.test(value)) return value.length + 2;
  return Buffer.byteLength(JSON.stringify(value));
}
