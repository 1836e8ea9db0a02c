import { isCurrency } from '../../api/formats.ts';
import { redactSecrets } from '../../directory/secret.ts';
import { HOUR_MS } from '../../lib/durations.ts';
import { newUlid } from '../../lib/id.ts';
import { parseTimestamp } from '../../lib/timestamp.ts';
import { EVENT_MS_MIN } from '../../warehouse/event-columns.ts';
import type { EventRow } from '../../warehouse/event-row.ts';
import { hasAtMostCharacters, parseContext } from './context.ts';
import { findCountry } from './country.ts';
import { isTooLarge } from './event-size.ts';
import { isPlaceholderAppUserId } from './placeholder.ts';
import { type ParsedProperties, parseProperties } from './properties.ts';
import { REJECTION_CURES, type RejectionCode } from './rejection-cures.ts';
import { findUserPropertyError, isReservedName } from './reserved-events.ts';
import { parseRevenue } from './revenue.ts';
import type { EventWarning } from './warnings.ts';

/** A rejected event in the answer; `field` is a path in the event such as `context.platform`. */
export type Rejection = { code: RejectionCode; field: string; message: string; event_id?: string };

/**
 * What all events of a batch share. Times are epoch milliseconds; `sentAt` is the device's clock. `country` is that of
 * the device that sends, if the request shows it.
 */
export type BatchContext = {
  projectId: string;
  keyId: string;
  verified: 0 | 1;
  receivedAt: number;
  sentAt: number | undefined;
  country: string | undefined;
};

/** The app of an event; `currency` applies to amounts without one, `platform` to a context without one. */
export type EventApp = { id: string; currency: string; platform: string };

/** A row to store and what was changed in it, or why the event is rejected. */
export type ParsedEvent = { row: EventRow; warnings: readonly EventWarning[] } | { rejection: Rejection };

type EventFields = { readonly [Key in (typeof EVENT_KEYS)[number]]?: unknown };
type Identity = Pick<EventRow, 'event_id' | 'event_name' | 'app_user_id' | 'session_id'>;
type ValidProperties = Extract<ParsedProperties, { json: string }>;
type Money = Pick<EventRow, 'revenue' | 'currency'>;

/** The known keys of an event; all others are dropped. */
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
const EVENT_NAME = /^[a-z][a-z0-9_]{0,63}$/;
const EVENT_ID = /^[\x21-\x7e]{1,128}$/;
const ASCII_ID = /^[\x21-\x7e]+$/;
const VISIBLE_CHARACTER = /[^\s\p{Cc}\p{Cf}]/u;
const APP_USER_ID_BYTES_MAX = 256;
const SESSION_ID_CHARACTERS_MAX = 128;
const AHEAD_MS_MAX = HOUR_MS;

/**
 * Returns the row to store for one element of a batch, or the first rule it breaks. Never throws on anything that
 * JSON.parse returns. null counts as absent for every optional field, because mobile JSON encoders send nulls.
 * Unknown keys are dropped with a warning (`battery`, `context.carrier`), never a reason to reject.
 */
export function parseEvent(
  value: unknown,
  batch: BatchContext,
  resolveApp: (appId: string | undefined) => EventApp | Rejection,
): ParsedEvent {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { rejection: createRejection('invalid_event', 'event') };
  }
  const event: EventFields = value;
  const app = resolveEventApp(event.app_id, resolveApp);
  if ('code' in app) return toRejected(app, event);
  const identity = parseIdentity(event);
  if ('code' in identity) return toRejected(identity, event);
  const timestamp = parseEventTime(event.timestamp, batch);
  if (typeof timestamp !== 'number') return toRejected(timestamp, event);
  const context = parseContext(event.context);
  if ('message' in context) return toRejected({ code: 'invalid_context', ...context }, event);
  const properties = parseProperties(event.properties);
  if ('message' in properties) return toRejected({ code: 'invalid_properties', ...properties }, event);
  const userProperties = findUserPropertyError(identity.event_name, event.properties);
  if (userProperties) return toRejected({ code: 'invalid_properties', ...userProperties }, event);
  const money = parseMoney(properties, identity.event_name, app);
  if ('code' in money) return toRejected(money, event);
  const warnings = listWarnings(event, context.warnings);
  if (isTooLarge(event, properties.bytes, warnings.length > 0)) {
    return toRejected(createRejection('event_too_large', 'event'), event);
  }
  const { columns } = context;
  // Each column by name: spreading objects took a quarter of the time to parse an event.
  const row: EventRow = {
    project_id: batch.projectId,
    app_id: app.id,
    event_id: identity.event_id,
    event_name: identity.event_name,
    app_user_id: identity.app_user_id,
    session_id: identity.session_id,
    timestamp,
    received_at: batch.receivedAt,
    properties: properties.json,
    revenue: money.revenue,
    currency: money.currency,
    key_id: batch.keyId,
    verified: batch.verified,
    platform: columns.platform || app.platform,
    os_version: columns.os_version,
    app_version: columns.app_version,
    country: columns.country || findCountry(batch.country, columns.locale),
    locale: columns.locale,
    device_model: columns.device_model,
    sdk: columns.sdk,
  };
  return { row, warnings };
}

/** Returns a rejection; its message defaults to the fix for the code. */
export function createRejection(
  code: RejectionCode,
  field: string,
  message: string = REJECTION_CURES[code],
): Rejection {
  return { code, field, message };
}

/** Says that a required field is missing, if it is: what to send instead would read as if it were misspelled. */
function reject(code: RejectionCode, field: string, value: unknown): Rejection {
  if (value !== undefined && value !== null) return createRejection(code, field);
  return createRejection(code, field, `${field} is missing. ${REJECTION_CURES[code]}`);
}

/** Includes the event's id when it is valid, so that the client finds the event. An API key sent as id is redacted. */
function toRejected(rejection: Rejection, { event_id }: EventFields): ParsedEvent {
  return { rejection: isEventId(event_id) ? { ...rejection, event_id: redactSecrets(event_id) } : rejection };
}

function resolveEventApp(
  appId: unknown,
  resolveApp: (appId: string | undefined) => EventApp | Rejection,
): EventApp | Rejection {
  if (appId === undefined || appId === null) return resolveApp(undefined);
  if (typeof appId === 'string') return resolveApp(appId);
  return createRejection(
    'app_not_found',
    'app_id',
    'Send app_id as a string such as "app_…", or leave it out.',
  );
}

function parseIdentity(event: EventFields): Identity | Rejection {
  const { event_name, app_user_id } = event;
  if (typeof event_name !== 'string' || !(EVENT_NAME.test(event_name) || isReservedName(event_name))) {
    return reject('invalid_event_name', 'event_name', event_name);
  }
  if (event_name === '$identify' && !hasAnonymousId(event.properties)) {
    return createRejection('invalid_properties', 'properties.anonymous_id', IDENTIFY_CURE);
  }
  if (!isAppUserId(app_user_id)) {
    return reject('invalid_app_user_id', 'app_user_id', app_user_id);
  }
  if (isPlaceholderAppUserId(app_user_id)) {
    return createRejection('placeholder_app_user_id', 'app_user_id');
  }
  const event_id = event.event_id ?? newUlid();
  if (!isEventId(event_id)) {
    return createRejection('invalid_event_id', 'event_id');
  }
  const session_id = event.session_id ?? '';
  if (!isSessionId(session_id)) {
    return createRejection('invalid_session_id', 'session_id');
  }
  return { event_id, event_name, app_user_id, session_id };
}

const IDENTIFY_CURE =
  'Send properties.anonymous_id with $identify: the app_user_id of the events before, not a placeholder.';

function hasAnonymousId(properties: unknown): boolean {
  if (typeof properties !== 'object' || properties === null || !('anonymous_id' in properties)) return false;
  const { anonymous_id } = properties;
  return isAppUserId(anonymous_id) && !isPlaceholderAppUserId(anonymous_id);
}

/**
 * A lone surrogate is stored as U+FFFD and NUL ends strings in C, so both could merge two people into one. Ids without
 * a visible character (spaces, controls, zero-width characters) come from empty fields.
 */
function isAppUserId(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > APP_USER_ID_BYTES_MAX) return false;
  if (ASCII_ID.test(value)) return true;
  if (!value.isWellFormed() || value.includes('\0') || !VISIBLE_CHARACTER.test(value)) return false;
  return Buffer.byteLength(value) <= APP_USER_ID_BYTES_MAX;
}

/** Whether a value is the ID of an event as it is stored. */
export function isEventId(value: unknown): value is string {
  return typeof value === 'string' && EVENT_ID.test(value);
}

function isSessionId(value: unknown): value is string {
  return (
    typeof value === 'string' && hasAtMostCharacters(value, SESSION_ID_CHARACTERS_MAX) && value.isWellFormed()
  );
}

/** Both limits apply after the correction: a device whose clock was reset to 1970 still knows how long ago it was. */
function parseEventTime(value: unknown, batch: BatchContext): number | Rejection {
  if (value === undefined || value === null) return batch.receivedAt;
  const deviceTime = parseTimestamp(value);
  if (deviceTime === undefined) {
    return createRejection('invalid_timestamp', 'timestamp');
  }
  const timestamp = batch.sentAt === undefined ? deviceTime : batch.receivedAt - (batch.sentAt - deviceTime);
  if (timestamp < EVENT_MS_MIN) {
    return createRejection('timestamp_too_old', 'timestamp');
  }
  if (timestamp > batch.receivedAt + AHEAD_MS_MAX) {
    return createRejection('timestamp_in_future', 'timestamp');
  }
  return timestamp;
}

/** A wrong currency is rejected even without revenue, so that the developer notices before the first payment. */
function parseMoney(
  { revenue: amount, revenueDigits, currency: code }: ValidProperties,
  eventName: string,
  app: EventApp,
): Money | Rejection {
  if (code !== undefined && code !== null && !isCurrency(code)) {
    return createRejection('invalid_currency', 'properties.currency');
  }
  if (amount === undefined || amount === null) return { revenue: null, currency: '' };
  // Digits beyond the limits, such as 9.990000000000000213, come from a double: its shortest decimal is meant.
  const revenue = parseRevenue(revenueDigits) ?? parseRevenue(amount);
  if (revenue === undefined || (revenue.startsWith('-') && eventName !== 'refund')) {
    return createRejection('invalid_revenue', 'properties.revenue');
  }
  return { revenue, currency: code ?? app.currency };
}

function listWarnings(event: EventFields, contextWarnings: readonly EventWarning[]): readonly EventWarning[] {
  let warnings: EventWarning[] | undefined;
  for (const key of Object.keys(event)) {
    if (KNOWN.has(key)) continue;
    warnings ??= [];
    warnings.push({ code: 'unknown_field', field: key });
  }
  if (warnings === undefined) return contextWarnings;
  return [...warnings, ...contextWarnings];
}
