import Format from 'typebox/format';
import { Settings } from 'typebox/system';
import { isGuessable } from '../lib/guessable.ts';
import { parseCidr } from '../lib/ip.ts';
import { parseTimestamp } from '../lib/timestamp.ts';

// An answer lists all mistakes of a body; by default the library stops at 8.
const ERRORS_MAX = 100;

/** How an error message describes each string format. */
export const FORMAT_MESSAGES: Record<string, string> = {
  'date-time': 'must be an RFC 3339 time such as 2026-11-22T10:00:00Z',
  date: 'must be a calendar date such as 2026-11-22',
  timezone: 'must be an IANA time zone such as Europe/Berlin',
  currency: 'must be an ISO 4217 code such as USD',
  cidr: 'must be an IP address or CIDR such as 203.0.113.0/24',
  'email-address': 'must be an email address such as you@example.com',
  'strong-password': 'must not be easy to guess: use a few unrelated words',
  origin: 'must be an origin such as https://app.example.com, without a path or a wildcard; list each origin',
};

/** The addresses that better-auth accepts at sign-in: an account with any other could never sign in. */
const EMAIL =
  /^(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9-]*\.)+[A-Za-z]{2,}$/;

/** The first instant that RFC 3339 cannot express in UTC. With an offset a text can exceed it; we could not return it. */
const YEAR_10000_MS = 253_402_300_800_000;

const isInstant = (text: string) => (parseTimestamp(text) ?? YEAR_10000_MS) < YEAR_10000_MS;

const isDate = (text: string) =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && parseTimestamp(`${text}T00:00:00Z`) !== undefined;

/** A URL parser accepts a wildcard in a host name, but no page's origin has one: it would match nothing. */
const isOrigin = (text: string) =>
  /^https?:\/\/[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text;

/** Registers our formats with the schema library. Called once, before the first schema is compiled. */
export function registerFormats(): void {
  Settings.Set({ maxErrors: ERRORS_MAX });
  Format.Set('date-time', isInstant);
  Format.Set('date', isDate);
  Format.Set('timezone', isTimeZone);
  Format.Set('currency', isCurrency);
  Format.Set('cidr', (text) => parseCidr(text) !== undefined);
  Format.Set('origin', isOrigin);
  Format.Set('email-address', (text) => EMAIL.test(text));
  Format.Set('strong-password', (text) => !isGuessable(text));
}

// ICU lists currencies in daily use. It lacks ISO 4217's fund, metal, accounting and testing codes (second and third
// line), and drops codes once they are withdrawn. Those of the last ten years are listed here, because ten years of
// history must be importable, and because a new Node version must not reject what an old one accepted.
const NOT_IN_ICU = `VED ANG BGN BYR CUC HRK MRO SLL STD VEF ZWL
  BOV CHE CHW CLF COU MXV USN UYI UYW XSU XUA
  XAD XAG XAU XBA XBB XBC XBD XDR XPD XPT XTS XXX`;
const CURRENCIES: ReadonlySet<string> = new Set([
  ...Intl.supportedValuesOf('currency'),
  ...NOT_IN_ICU.split(/\s+/),
]);

/** `XX` and `ZZ` are what CDNs send for an unknown country, `T1` is Tor. */
const COUNTRY_CODE = /^(?!XX|ZZ)[A-Z]{2}$/;

/** Whether a value has the form of an ISO 3166 code of a country, such as `DE`. */
export const isCountryCode = (value: unknown): value is string =>
  typeof value === 'string' && COUNTRY_CODE.test(value);

/** Whether `value` is an alphabetic currency code of ISO 4217. Only upper case: "usd" would be a second currency. */
export function isCurrency(value: unknown): value is string {
  return typeof value === 'string' && CURRENCIES.has(value);
}

const known = new Map<string, boolean>();
// Names come from callers: without a bound, a flood of invented names would fill the memory.
const KNOWN_MAX = 2_000;

/** The names of the IANA database without an area (its files `northamerica`, `europe` and `backward`). */
const WITHOUT_AREA: ReadonlySet<string> = new Set(
  `CET CST6CDT Cuba EET EST EST5EDT Egypt Eire GB GB-Eire GMT GMT+0 GMT-0 GMT0 Greenwich HST Hongkong Iceland Iran
  Israel Jamaica Japan Kwajalein Libya MET MST MST7MDT NZ NZ-CHAT Navajo PRC PST8PDT Poland Portugal ROC ROK Singapore
  Turkey UCT UTC Universal W-SU WET Zulu`
    .toUpperCase()
    .split(/\s+/),
);

/** ICU takes old Java names too: BST is Dhaka there, IST Kolkata and AST Anchorage, which is hardly ever meant. */
function isValidTimeZone(name: string): boolean {
  if (name.includes('/') ? /^SystemV\//i.test(name) : !WITHOUT_AREA.has(name.toUpperCase())) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone.length > 0;
  } catch {
    return false;
  }
}

/** The longest IANA name has 32 characters. */
const TIME_ZONE_LENGTH_MAX = 64;

/** Whether `name` is an IANA time zone such as `America/St_Johns`. Offsets such as `+05:30` are not valid: they have no DST. */
export function isTimeZone(name: string): boolean {
  // Callers choose these names, and the cache keeps them.
  if (name.length > TIME_ZONE_LENGTH_MAX) return false;
  const cached = known.get(name);
  if (cached !== undefined) return cached;
  const valid = isValidTimeZone(name);
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(name, valid);
  return valid;
}
