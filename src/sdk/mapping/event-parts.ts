import { createHash } from 'node:crypto';
import { normalizeEventName } from '../../events/ingest/normalize-name.ts';
import { parseRevenue } from '../../events/ingest/revenue.ts';
import { copyDigits } from '../../lib/exact-json.ts';
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

/** Returns a value for the context: a text of at most 128 characters. */
export const toContextText = (value: unknown): string | undefined =>
  toText(value)?.slice(0, CONTEXT_CHARACTERS_MAX);

/** Returns a platform as it is stored: in lower case. */
export const toPlatform = (value: unknown): string | undefined => toContextText(value)?.toLowerCase();

/** Returns `name/version` of a library. */
export function toSdk(name: unknown, version: unknown): string | undefined {
  const library = toText(name);
  if (library === undefined) return undefined;
  const release = toText(version);
  return toContextText(release === undefined ? library : `${library}/${release}`);
}

/** Returns the object without undefined members, or undefined if nothing is left. */
export function compact(fields: Fields): Fields | undefined {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

const NO_NAMES: ReadonlySet<string> = new Set();

/** Returns the members of an object without some names, and with others added. Long numbers keep their digits. */
export function extend(fields: Fields, added: Fields, without: ReadonlySet<string> = NO_NAMES): Fields {
  const kept = Object.entries(fields).filter(([name]) => !without.has(name));
  const extended = { ...Object.fromEntries(kept), ...added };
  copyDigits(fields, extended);
  return extended;
}

/** Returns the time at which the device sent the batch, if it can be read: a wrong one must not cost the batch. */
export const toSentAt = (value: unknown): string | undefined =>
  typeof value === 'string' && parseTimestamp(value) !== undefined ? value : undefined;

/** Returns the name as it is stored, and the property that keeps what the SDK sent if that is something else. */
export function toName(sent: unknown): { event_name: unknown; original: Fields } {
  if (typeof sent !== 'string' || sent === '') return { event_name: sent, original: NO_FIELDS };
  const event_name = normalizeEventName(sent);
  return { event_name, original: event_name === sent ? NO_FIELDS : { $original_name: sent } };
}

/** Returns the revenue and currency of an event as ours: exact decimals, upper case. Others stay, to be rejected visibly. */
export function toMoney(revenue: unknown, currency: unknown): Fields {
  return {
    ...(revenue === undefined || revenue === null ? {} : { revenue: parseRevenue(revenue) ?? revenue }),
    ...(typeof currency === 'string' && currency !== '' ? { currency: currency.toUpperCase() } : {}),
  };
}

/** Returns the ID of the event that links two IDs: always the same, so that it is stored once. */
export function toLinkId(userId: string, anonymousId: string): string {
  return `id-${createHash('sha256').update(`${userId}\0${anonymousId}`).digest('hex').slice(0, 32)}`;
}

/** Whether an object has a member at all. */
export const isFilled = (fields: Fields): boolean => Object.keys(fields).length > 0;
