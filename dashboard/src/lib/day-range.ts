import { DAY_MS } from '../../../src/lib/durations.ts';

/** Calendar days as `YYYY-MM-DD`, both inclusive. */
export type DayRange = { first: string; last: string };

/** Days that are named: they move as time passes. `mtd` is this month so far, `12m` this month and the 11 before. */
export const NAMED_DAYS = ['yesterday', 'mtd', '12m'] as const;

/** One of `NAMED_DAYS`. */
export type NamedDays = (typeof NAMED_DAYS)[number];

/** Selected days: the last `days` days including today, named days, or a first and a last day. */
export type DaySelection = { days: number } | { named: NamedDays } | DayRange;

/** Half of the server's maximum: the same number of days before is loaded for comparison. */
const DAYS_MAX = 2_000;

/** Returns the days of a URL's `range` (`30d`, `mtd`, `2026-10-01..2026-10-31`); undefined if it is invalid. */
export function parseDaySelection(text: string | undefined): DaySelection | undefined {
  const named = NAMED_DAYS.find((name) => name === text);
  if (named !== undefined) return { named };
  const last = /^([1-9]\d{0,3})d$/.exec(text ?? '')?.[1];
  if (last !== undefined) return Number(last) <= DAYS_MAX ? { days: Number(last) } : undefined;
  const [first = '', end = '', ...more] = (text ?? '').split('..');
  const range = { first, last: end };
  if (more.length > 0 || !isDay(first) || !isDay(end)) return undefined;
  const count = countDays(range);
  return count >= 1 && count <= DAYS_MAX ? range : undefined;
}

/** Returns the `range` of a URL for these days. */
export function formatDaySelection(selection: DaySelection): string {
  if ('days' in selection) return `${selection.days}d`;
  return 'named' in selection ? selection.named : `${selection.first}..${selection.last}`;
}

/** Whether the text is a calendar day. */
export function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && addDays(text, 0) === text;
}

/** Returns the day that is `days` later (earlier if negative); an empty string if there is no such day. */
export function addDays(day: string, days: number): string {
  const instant = Date.parse(`${day}T00:00:00Z`) + days * DAY_MS;
  return Number.isNaN(instant) ? '' : new Date(instant).toISOString().slice(0, 10);
}

/** Returns the number of days in a range. */
export function countDays({ first, last }: DayRange): number {
  return (Date.parse(last) - Date.parse(first)) / DAY_MS + 1;
}

/** Returns the selected days, as of today. */
export function resolveDays(selection: DaySelection, today: string): DayRange {
  if ('days' in selection) return { first: addDays(today, 1 - selection.days), last: today };
  return 'named' in selection ? resolveNamed(selection.named, today) : selection;
}

function resolveNamed(named: NamedDays, today: string): DayRange {
  const yesterday = addDays(today, -1);
  if (named === 'yesterday') return { first: yesterday, last: yesterday };
  return { first: named === 'mtd' ? startOfMonth(today) : addMonths(today, -11), last: today };
}

/** Returns the first day of a day's month. */
export function startOfMonth(day: string): string {
  return `${day.slice(0, 7)}-01`;
}

/** Returns the first day of the month that is `months` later (earlier if negative) than a day's. */
function addMonths(day: string, months: number): string {
  const [year, month] = [Number(day.slice(0, 4)), Number(day.slice(5, 7))];
  return new Date(Date.UTC(year, month - 1 + months, 1)).toISOString().slice(0, 10);
}

/** Returns the Monday of a day's week. */
export function startOfWeek(day: string): string {
  return addDays(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7));
}

/** Returns the calendar day in a time zone at an instant (epoch milliseconds). */
export function dayAt(timeZone: string, instantMs: number): string {
  return new Date(instantMs + offsetMs(timeZone, instantMs)).toISOString().slice(0, 10);
}

/** Returns when a day begins in a time zone, epoch milliseconds. Not always midnight: the clock may jump over it. */
export function startOfDay(day: string, timeZone: string): number {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  // The offsets before and after a clock change around midnight: the earliest instant within the day counts.
  const guesses = [midnight - DAY_MS, midnight + DAY_MS].map((near) => midnight - offsetMs(timeZone, near));
  const isInDay = (instant: number) => dayAt(timeZone, instant) === day;
  return guesses.toSorted((a, b) => a - b).find(isInDay) ?? midnight;
}

/** Whether the browser knows this IANA time zone. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** How far a time zone is ahead of UTC at an instant. */
function offsetMs(timeZone: string, instantMs: number): number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const parts = Object.fromEntries(
    format.formatToParts(instantMs).map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  const wholeSecond = Math.floor(instantMs / 1_000) * 1_000;
  return Date.UTC(year, month - 1, day, hour, minute, second) - wholeSecond;
}
