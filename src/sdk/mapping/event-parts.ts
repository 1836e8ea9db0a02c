import { hash } from 'node:crypto';
import { isCountryCode, isCurrency } from '../../api/formats.ts';
import { parseRevenue } from '../../events/ingest/revenue.ts';
import { SECOND_MS } from '../../lib/durations.ts';
import { copyDigits, digitsOf, hasDigits, markDigits } from '../../lib/exact-json.ts';
import { parseTimestamp } from '../../lib/timestamp.ts';

/** An object whose members are not known yet. */
export type Fields = Readonly<Record<string, unknown>>;

const NO_FIELDS: Fields = Object.freeze({});

/** Characters of a context value; longer ones are cut, because no SDK would send a shorter one instead. */
const CONTEXT_CHARACTERS_MAX = 128;

/** Returns the value as an object; an empty one if it is anything else. */
export function toFields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : NO_FIELDS;
}

/** Returns a text, or a finite number as text; undefined for anything else and for an empty text. */
export function toText(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined;
}

/** Returns a member as `toText` does, with all digits of a long number. */
export const readText = (fields: Fields, name: string): string | undefined =>
  digitsOf(fields, name) ?? toText(fields[name]);

const toContextText = (value: unknown): string | undefined => toText(value)?.slice(0, CONTEXT_CHARACTERS_MAX);

/** What an SDK says about the device, the app and itself, in whatever form. `sdk` is its name, `sdk_version` its version. */
export type SentContext = Readonly<
  Partial<
    Record<
      | 'platform'
      | 'os_version'
      | 'app_version'
      | 'country'
      | 'locale'
      | 'device_model'
      | 'sdk'
      | 'sdk_version',
      unknown
    >
  >
>;

/**
 * Returns the context of an event as ours: the platform in lower case, `name/version` of the SDK, and a country only as a code. Undefined if
 * there is nothing.
 */
export function toContext(sent: SentContext): Fields | undefined {
  const { platform, country } = sent;
  const [library, release] = [toText(sent.sdk), toText(sent.sdk_version)];
  // Written out: building it from lists of entries took a third of the mapping time. Keep the order: derived IDs are hashes of it.
  return compact({
    platform: toContextText(platform)?.toLowerCase(),
    os_version: toContextText(sent.os_version),
    app_version: toContextText(sent.app_version),
    country: isCountryCode(country) ? country : undefined,
    locale: toContextText(sent.locale),
    device_model: toContextText(sent.device_model),
    sdk: toContextText(library !== undefined && release !== undefined ? `${library}/${release}` : library),
  });
}

/** Returns the object, whose names are ours, without undefined members, or undefined if nothing is left. */
export function compact(fields: Fields): Fields | undefined {
  let found: Record<string, unknown> | undefined;
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    if (value === undefined) continue;
    found ??= {};
    found[name] = value;
  }
  return found;
}

/** Returns the ID of a session, cut to what is stored: a long one must not cost the event. */
export const toSessionId = (id: string | undefined): string | undefined =>
  id?.slice(0, CONTEXT_CHARACTERS_MAX).toWellFormed();

/**
 * Names of an object that are copied. An event may have 200, besides those that a dialect reads itself, so one with more is
 * rejected in either case. Copying all of them would take milliseconds: a body can contain hundreds of thousands.
 */
export const COPIED_NAMES_MAX = 500;

/** Returns the object, or a copy with the first `COPIED_NAMES_MAX` of its `names`. Long numbers keep their digits. */
export function boundNames(fields: Fields, names: readonly string[] = Object.keys(fields)): Fields {
  if (names.length <= COPIED_NAMES_MAX) return fields;
  const bounded = Object.fromEntries(names.slice(0, COPIED_NAMES_MAX).map((name) => [name, fields[name]]));
  copyDigits(fields, bounded);
  return bounded;
}

const NO_NAMES: ReadonlySet<string> = new Set();

/** Returns the members of an object without some names, and with others added. Long numbers keep their digits. */
export function extend(fields: Fields, added: Fields, without: ReadonlySet<string> = NO_NAMES): Fields {
  const kept = without.size === 0 ? fields : omit(fields, without);
  const extended = { ...kept, ...added };
  copyDigits(fields, extended);
  return extended;
}

/** Returns a copy without some names: deleting members would make every later use of the object slow. */
function omit(fields: Fields, without: ReadonlySet<string>): Fields {
  const kept: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) {
    if (without.has(name)) continue;
    const value = fields[name];
    // Assigning it would set the prototype.
    if (name === '__proto__')
      Object.defineProperty(kept, name, { value, enumerable: true, configurable: true, writable: true });
    else kept[name] = value;
  }
  return kept;
}

/** Seconds since 1970, from 2001 to 5138: as milliseconds, they are days of 1970. */
const SECONDS_MIN = 1e9;
const SECONDS_MAX = 1e11;

/** A day, or a time with a space, an offset without a colon or minutes, or none at all (which is UTC). */
const LOOSE_TIME =
  /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d(?:\.\d+)?) ?(?:[Zz]|([+-]\d\d)(?::?(\d\d))?)?)?$/;

/** Returns a time as it was sent: a text, which becomes RFC 3339 if it is close, or milliseconds since 1970, which seconds become. */
export function toTime(value: unknown): string | number | undefined {
  if (typeof value !== 'number') return toRfc3339(toText(value));
  return value >= SECONDS_MIN && value < SECONDS_MAX ? value * SECOND_MS : value;
}

function toRfc3339(text: string | undefined): string | undefined {
  const [, day, time = '00:00:00', hours, minutes = '00'] = LOOSE_TIME.exec(text ?? '') ?? [];
  if (day === undefined) return text;
  return `${day}T${time}${hours === undefined ? 'Z' : `${hours}:${minutes}`}`;
}

/** Returns the time at which the device sent the batch, if it can be read: a wrong one must not cost the batch. */
export function toSentAt(value: unknown): string | number | undefined {
  const time = toTime(value);
  const isSeconds = typeof time === 'number' && Math.abs(time) < SECONDS_MAX;
  return isSeconds || parseTimestamp(time) === undefined ? undefined : time;
}

/** Money as an SDK sends it; `digits` is the text of a revenue that its number cannot carry. */
export type SentMoney = { revenue: unknown; currency: unknown; digits?: string | undefined };

/**
 * Returns the revenue and currency of an event as ours: exact decimals, upper case. What is not money must not cost the
 * event: both are kept in properties with other names, as an amount in the wrong currency would be worse than none.
 */
export function toMoney({ revenue, currency, digits }: SentMoney, eventName: unknown): Fields {
  const amount = isEmpty(revenue) ? undefined : (parseRevenue(digits) ?? parseRevenue(revenue));
  const code = isEmpty(currency) ? undefined : toText(currency)?.toUpperCase();
  const isAmount = isEmpty(revenue) || (amount !== undefined && isAllowed(amount, eventName));
  const isMoney = isAmount && (isEmpty(currency) || isCurrency(code));
  const found = isMoney
    ? { revenue: amount, currency: code }
    : { $original_revenue: digits ?? toText(revenue), $original_currency: toText(currency) };
  return compact(found) ?? NO_FIELDS;
}

const isEmpty = (value: unknown): boolean => value === undefined || value === null || value === '';

const isAllowed = (amount: string, eventName: unknown) => !amount.startsWith('-') || eventName === 'refund';

/** Returns an ID of an event that is always the same for a text. */
export const deriveId = (prefix: string, text: string): string =>
  `${prefix}-${hash('sha256', text, 'hex').slice(0, 32)}`;

/** Returns the ID of the event that links two IDs: always the same, so that it is stored once. */
export const toLinkId = (userId: string, anonymousId: string): string =>
  deriveId('id', `${userId}\0${anonymousId}`);

/** Returns the ID of the event with the user properties of an event that has this ID. */
export const toSetId = (id: string): string => deriveId('set', id);

/** Returns the first of these values that is an object with members, with `boundNames`; an empty object if none is. */
export function findFilled(...values: unknown[]): Fields {
  for (const value of values) {
    const bounded = boundNames(toFields(value));
    if (isFilled(bounded)) return bounded;
  }
  return NO_FIELDS;
}

/** Returns user properties as our events have them; undefined if there are none. Long numbers keep their digits. */
export function toUserTraits($set: Fields, $set_once: Fields): Fields | undefined {
  const traits = compact({
    $set: isFilled($set) ? $set : undefined,
    $set_once: isFilled($set_once) ? $set_once : undefined,
  });
  if (traits && [$set, $set_once].some(hasDigits)) markDigits(traits);
  return traits;
}

/** Whether an object has a member at all. */
export const isFilled = (fields: Fields): boolean => Object.keys(fields).length > 0;
