import Format from 'typebox/format';
import { Settings } from 'typebox/system';
import { parseCidr } from '../lib/ip.ts';
import { parseTimestamp } from '../lib/timestamp.ts';

// All mistakes of a body are told at once; the library stops at 8 unless told otherwise.
const ERRORS_MAX = 100;

/** What each string format means in an error message. */
export const FORMAT_MESSAGES: Record<string, string> = {
  'date-time': 'must be an RFC 3339 time such as 2026-11-22T10:00:00Z',
  date: 'must be a calendar date such as 2026-11-22',
  timezone: 'must be an IANA time zone such as Europe/Berlin',
  currency: 'must be an ISO 4217 code such as USD',
  cidr: 'must be an IP address or CIDR such as 203.0.113.0/24',
  origin: 'must be an origin such as https://app.example.com, without a path or a wildcard; list each origin',
};

/** The first instant after what RFC 3339 can write in UTC; an offset can reach beyond it, and we could not answer it. */
const YEAR_10000_MS = 253_402_300_800_000;

const isInstant = (text: string) => (parseTimestamp(text) ?? YEAR_10000_MS) < YEAR_10000_MS;

const isDate = (text: string) =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && parseTimestamp(`${text}T00:00:00Z`) !== undefined;

/** A wildcard is part of a host's name to a URL parser, and no page's origin ever has one: it would match nothing. */
const isOrigin = (text: string) =>
  /^https?:\/\/[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text;

/** Teaches the schema library our formats. Called once, before the first schema is compiled. */
export function registerFormats(): void {
  Settings.Set({ maxErrors: ERRORS_MAX });
  Format.Set('date-time', isInstant);
  Format.Set('date', isDate);
  Format.Set('timezone', isTimeZone);
  Format.Set('currency', isCurrency);
  Format.Set('cidr', (text) => parseCidr(text) !== undefined);
  Format.Set('origin', isOrigin);
}

// ICU lists money in daily use. It misses ISO 4217's fund, metal, accounting and testing codes (second and third
// line), and drops codes once they are withdrawn: those of the last ten years are named, because ten years of
// history must import, and because a new Node version must not refuse what an old one took.
const NOT_IN_ICU = `VED ANG BGN BYR CUC HRK MRO SLL STD VEF ZWL
  BOV CHE CHW CLF COU MXV USN UYI UYW XSU XUA
  XAD XAG XAU XBA XBB XBC XBD XDR XPD XPT XTS XXX`;
const CURRENCIES: ReadonlySet<string> = new Set([
  ...Intl.supportedValuesOf('currency'),
  ...NOT_IN_ICU.split(/\s+/),
]);

/** Whether `value` is an alphabetic currency code of ISO 4217. Only upper case: "usd" would be a second currency. */
export function isCurrency(value: unknown): value is string {
  return typeof value === 'string' && CURRENCIES.has(value);
}

const known = new Map<string, boolean>();
// Names come from callers: without a bound, a flood of made-up names would fill memory.
const KNOWN_MAX = 2_000;

function isValidTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone.length > 0;
  } catch {
    return false;
  }
}

/** Whether `name` is an IANA time zone such as `America/St_Johns`. Offsets such as `+05:30` are not: they have no DST. */
export function isTimeZone(name: string): boolean {
  const cached = known.get(name);
  if (cached !== undefined) return cached;
  const valid = /^[A-Za-z]/.test(name) && isValidTimeZone(name);
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(name, valid);
  return valid;
}
