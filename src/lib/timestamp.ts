import { DAY_MS, MINUTE_MS } from './durations.ts';

// RFC 3339 section 5.6, without the "space instead of T" that its note leaves to applications.
const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;
const LAST_SECOND_OF_DAY_MS = DAY_MS - 1_000;
/** The largest time a JavaScript Date can hold, either side of 1970 (ECMA-262, 21.4.1.1). */
const EPOCH_MS_MAX = 8.64e15;

/**
 * Returns the epoch milliseconds of an RFC 3339 text (any offset, fraction cut to milliseconds) or of a number
 * that is epoch milliseconds already (cut to an integer); undefined for anything else, `2026-02-30` included.
 * A leap second (`:60`, only where it is 23:59 in UTC) is the last millisecond before it, so it stays in its day.
 */
export function parseTimestamp(value: unknown): number | undefined {
  if (typeof value === 'string') return RFC_3339.test(value) ? parseRfc3339(value) : undefined;
  // Adding 0 turns -0 into 0. NaN fails the comparison.
  if (typeof value === 'number' && Math.abs(value) <= EPOCH_MS_MAX) return Math.trunc(value) + 0;
  return undefined;
}

/** Reads digits by position, because `Date.parse` rolls 30 February into March; RFC_3339 has checked the shape. */
function parseRfc3339(text: string): number | undefined {
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  const offset = offsetMinutes(text);
  if (hour > 23 || minute > 59 || second > 60 || offset === undefined) return undefined;
  const isLeapSecond = second === 60;
  const minutes = hour * 60 + minute - offset;
  const wholeMs =
    daysSinceEpoch(year, month, day) * DAY_MS + minutes * MINUTE_MS + Math.min(second, 59) * 1_000;
  if (!isLeapSecond) return wholeMs + fractionMs(text);
  return modulo(wholeMs, DAY_MS) === LAST_SECOND_OF_DAY_MS ? wholeMs + 999 : undefined;
}

function twoDigits(text: string, at: number): number {
  return text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 528; // 528 = 11 × the code of "0"
}

function isUtc(text: string): boolean {
  const last = text.charCodeAt(text.length - 1);
  return last === 90 || last === 122; // Z, z
}

function offsetMinutes(text: string): number | undefined {
  if (isUtc(text)) return 0;
  const at = text.length - 6;
  const hours = twoDigits(text, at + 1);
  const minutes = twoDigits(text, at + 4);
  if (hours > 23 || minutes > 59) return undefined;
  return (text.charCodeAt(at) === 45 ? -1 : 1) * (hours * 60 + minutes);
}

function fractionMs(text: string): number {
  if (text.charCodeAt(19) !== 46) return 0;
  const end = text.length - (isUtc(text) ? 1 : 6);
  let ms = 0;
  for (let at = 20, weight = 100; at < end && weight >= 1; at += 1, weight /= 10) {
    ms += (text.charCodeAt(at) - 48) * weight;
  }
  return ms;
}

function daysInMonth(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/**
 * Days from 1970-01-01 in the Gregorian calendar: Howard Hinnant's days_from_civil, whose year begins in March.
 * Not `Date.UTC`: that reads the years 0 to 99 as 1900 to 1999.
 */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const marchYear = month > 2 ? year : year - 1;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}
