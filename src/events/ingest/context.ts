import { digitsOf } from '../../lib/exact-json.ts';
import type { EventRow } from '../../warehouse/event-row.ts';
import { type EventWarning, NO_WARNINGS } from './warnings.ts';

/** The keys of an event's context; each has its own column. */
export const CONTEXT_KEYS = [
  'platform',
  'os_version',
  'app_version',
  'country',
  'locale',
  'device_model',
  'sdk',
] as const;
type ContextKey = (typeof CONTEXT_KEYS)[number];
const KNOWN: ReadonlySet<string> = new Set(CONTEXT_KEYS);
const CHARACTERS_MAX = 128;

/** The columns of an event's context, `''` where the event has no value. */
export type ContextColumns = Pick<EventRow, ContextKey>;

/** What `parseContext` returns: columns and what it changed, or the invalid field and why. */
export type ParsedContext =
  | { columns: ContextColumns; warnings: readonly EventWarning[] }
  | { field: string; message: string };

/** Keys that some systems report as a number (`Platform.Version` of React Native on Android is 34). */
const OFTEN_NUMBERS: ReadonlySet<ContextKey> = new Set(['os_version', 'app_version']);

/**
 * Returns the columns of an event's `context` and warnings. Unknown keys never reject an event, because a newer SDK must
 * not lose data on an older server. Absent and null are the same, for the object and for each value. A character cut in
 * half by the client's own limit (a lone surrogate) becomes U+FFFD.
 */
export function parseContext(value: unknown): ParsedContext {
  const columns: ContextColumns = {
    platform: '',
    os_version: '',
    app_version: '',
    country: '',
    locale: '',
    device_model: '',
    sdk: '',
  };
  if (value === undefined || value === null) return { columns, warnings: NO_WARNINGS };
  if (typeof value !== 'object' || Array.isArray(value)) {
    return { field: 'context', message: 'Send context as a JSON object, or leave it out.' };
  }
  return fillColumns(columns, value as Readonly<Record<string, unknown>>);
}

function fillColumns(columns: ContextColumns, context: Readonly<Record<string, unknown>>): ParsedContext {
  let warnings: EventWarning[] | undefined;
  for (const key of Object.keys(context)) {
    const value = context[key];
    if (!isContextKey(key)) {
      warnings ??= [];
      warnings.push({ code: 'unknown_field', field: `context.${key}` });
    } else if (typeof value === 'string' && hasAtMostCharacters(value, CHARACTERS_MAX)) {
      columns[key] = value.toWellFormed();
    } else if (Number.isFinite(value) && OFTEN_NUMBERS.has(key)) {
      columns[key] = toText(context, key);
      warnings ??= [];
      warnings.push({ code: 'number_as_text', field: `context.${key}` });
    } else if (value !== null) {
      const message = `Send context.${key} as a string of at most ${CHARACTERS_MAX} characters.`;
      return { field: `context.${key}`, message };
    }
  }
  return { columns, warnings: warnings ?? NO_WARNINGS };
}

/** Returns a number as it was sent, such as a build number with a date and time; a longer one as its double is printed. */
function toText(context: Readonly<Record<string, unknown>>, key: ContextKey): string {
  const sent = digitsOf(context, key);
  return sent !== undefined && sent.length <= CHARACTERS_MAX ? sent : String(context[key]);
}

function isContextKey(key: string): key is ContextKey {
  return KNOWN.has(key);
}

/** Whether `text` has at most `max` Unicode characters, counted like JSON Schema's maxLength: an emoji is one. */
export function hasAtMostCharacters(text: string, max: number): boolean {
  if (text.length <= max) return true;
  // A character takes at most two code units, so a longer string does not need to be counted.
  return text.length <= max * 2 && [...text].length <= max;
}
