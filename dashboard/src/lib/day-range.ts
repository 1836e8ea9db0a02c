/** Calendar days as `YYYY-MM-DD`, both inclusive. */
export type DayRange = { first: string; last: string };

/** Days as a person asks for them: the last so many, today included, or from one day to another. */
export type WantedDays = { days: number } | DayRange;

const DAY_MS = 86_400_000;
/** Half of what the server answers at once: as many days before are compared with. */
const DAYS_MAX = 2_000;

/** Returns the days that a URL's `range` asks for (`30d`, `2026-10-01..2026-10-31`); undefined when it is none. */
export function parseWantedDays(text: string | undefined): WantedDays | undefined {
  const last = /^([1-9]\d{0,3})d$/.exec(text ?? '')?.[1];
  if (last !== undefined) return Number(last) <= DAYS_MAX ? { days: Number(last) } : undefined;
  const [first = '', end = '', ...more] = (text ?? '').split('..');
  const range = { first, last: end };
  if (more.length > 0 || !isDay(first) || !isDay(end)) return undefined;
  const count = countDays(range);
  return count >= 1 && count <= DAYS_MAX ? range : undefined;
}

/** Returns the `range` of a URL that asks for these days. */
export function writeWantedDays(wanted: WantedDays): string {
  return 'days' in wanted ? `${wanted.days}d` : `${wanted.first}..${wanted.last}`;
}

/** Whether the text is a day of the calendar. */
export function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && addDays(text, 0) === text;
}

/** Returns the day so many days later (earlier when negative); the empty text when there is no such day. */
export function addDays(day: string, days: number): string {
  const instant = Date.parse(`${day}T00:00:00Z`) + days * DAY_MS;
  return Number.isNaN(instant) ? '' : new Date(instant).toISOString().slice(0, 10);
}

/** Returns how many days a range has. */
export function countDays({ first, last }: DayRange): number {
  return (Date.parse(last) - Date.parse(first)) / DAY_MS + 1;
}

/** Returns the days that are meant, as of today. */
export function resolveDays(wanted: WantedDays, today: string): DayRange {
  return 'days' in wanted ? { first: addDays(today, 1 - wanted.days), last: today } : wanted;
}

/** Returns the day it is in a time zone at an instant (epoch milliseconds). */
export function dayAt(timeZone: string, instantMs: number): string {
  return new Date(instantMs + offsetMs(timeZone, instantMs)).toISOString().slice(0, 10);
}

/** Returns when a day begins in a time zone, epoch milliseconds: not at midnight where the clock jumps over it. */
export function startOfDay(day: string, timeZone: string): number {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  // The offset before and after a change around midnight: the earliest instant that is in the day counts.
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

/** How far a time zone's clock is ahead of UTC at an instant. */
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
