import { digitsOf, hasDigits, toEngineNumber } from '../../lib/exact-json.ts';
import { hasAtMostCharacters } from './context.ts';

const KEYS_MAX = 200;
/** The property with the name of an event as it was sent, if it is stored under another one. */
export const ORIGINAL_NAME = '$original_name';
const DEPTH_MAX = 5;
const KEY_CHARACTERS_MAX = 128;

/**
 * Validated properties. `bytes` is the size of the JSON that the client sent, without spaces; `revenueDigits` is the text
 * of a `revenue` that its number cannot carry.
 */
export type ParsedProperties =
  | { json: string; bytes: number; revenue: unknown; revenueDigits?: string | undefined; currency: unknown }
  | PropertyError;

/** What is wrong, and its path, such as `properties.items.0.sku`. */
type PropertyError = { field: string; message: string };

const NONE: ParsedProperties = { json: '{}', bytes: 2, revenue: undefined, currency: undefined };

// A lone surrogate (the only characters JSON.stringify escapes as \ud…), or enough digits for a number too large.
const MAY_BE_UNREADABLE = /\\ud|\d{19}/;

/**
 * Returns an event's `properties` as JSON text that the event store can read, or the first error in them. Objects and
 * lists may nest 5 deep, including `properties` itself; only top-level keys count towards the 200. Absent and null are
 * the same.
 */
export function parseProperties(value: unknown): ParsedProperties {
  if (value === undefined || value === null) return NONE;
  if (typeof value !== 'object' || Array.isArray(value)) {
    return { field: 'properties', message: 'Send properties as a JSON object, or leave it out.' };
  }
  // The name that was sent was added here: it must not make an event invalid that was valid.
  const keysMax = Object.hasOwn(value, ORIGINAL_NAME) ? KEYS_MAX + 1 : KEYS_MAX;
  if (Object.keys(value).length > keysMax) {
    return { field: 'properties', message: `Send at most ${KEYS_MAX} properties with one event.` };
  }
  const error = findPropertyError(value, 1);
  if (error !== undefined) return { field: `properties${error.field}`, message: error.message };
  const { revenue, currency } = value as { revenue?: unknown; currency?: unknown };
  if (hasDigits(value)) {
    const json = writeReadable(value);
    return {
      json,
      bytes: Buffer.byteLength(json),
      revenue,
      revenueDigits: digitsOf(value, 'revenue'),
      currency,
    };
  }
  const text = JSON.stringify(value);
  const json = MAY_BE_UNREADABLE.test(text) ? writeReadable(value) : text;
  return { json, bytes: Buffer.byteLength(text), revenue, currency };
}

/** Builds the path while returning, so that a valid event does not pay for it. */
function findPropertyError(value: unknown, depth: number): PropertyError | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : TOO_LARGE_NUMBER;
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > DEPTH_MAX) return TOO_DEEP;
  return Array.isArray(value)
    ? findPropertyErrorInList(value, depth)
    : findPropertyErrorInObject(value as Readonly<Record<string, unknown>>, depth);
}

// JSON allows 1e999; JavaScript reads it as Infinity and would write null, which loses it silently.
const TOO_LARGE_NUMBER: PropertyError = {
  field: '',
  message: 'Send a number beyond ±1.797e308 as a string.',
};
const TOO_DEEP: PropertyError = {
  field: '',
  message: `Nest objects and lists at most ${DEPTH_MAX} deep, properties itself being the first.`,
};

function findPropertyErrorInList(list: readonly unknown[], depth: number): PropertyError | undefined {
  for (let index = 0; index < list.length; index += 1) {
    const error = findPropertyError(list[index], depth + 1);
    if (error !== undefined) return { field: `.${index}${error.field}`, message: error.message };
  }
  return undefined;
}

function findPropertyErrorInObject(
  object: Readonly<Record<string, unknown>>,
  depth: number,
): PropertyError | undefined {
  for (const key of Object.keys(object)) {
    if (!hasAtMostCharacters(key, KEY_CHARACTERS_MAX)) {
      const start = key.slice(0, 32).toWellFormed();
      return {
        field: `.${start}…`,
        message: `Shorten this key to at most ${KEY_CHARACTERS_MAX} characters.`,
      };
    }
    const error = findPropertyError(object[key], depth + 1);
    if (error !== undefined) return { field: `.${key}${error.field}`, message: error.message };
  }
  return undefined;
}

/**
 * Writes JSON that ClickHouse can read, with all digits that were sent. At a lone surrogate or an integer beyond 64 bits
 * its parser rejects the whole text, with all other properties. The first becomes U+FFFD, the second gets an exponent,
 * which `parseToRewrite` takes away. Recursion is bounded, because `findPropertyError` checked the depth.
 */
function writeReadable(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.toWellFormed());
  if (typeof value !== 'object' || value === null) return toEngineNumber(JSON.stringify(value));
  const write = ([key, entry]: [string, unknown]) => {
    const sent = digitsOf(value, key);
    return sent === undefined ? writeReadable(entry) : toEngineNumber(sent);
  };
  if (Array.isArray(value)) return `[${Object.entries(value).map(write).join(',')}]`;
  const members = Object.entries(value).map(
    (member) => `${JSON.stringify(member[0].toWellFormed())}:${write(member)}`,
  );
  return `{${members.join(',')}}`;
}
