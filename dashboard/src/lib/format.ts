import { DAY_SECONDS, HOUR_SECONDS, MINUTE_SECONDS } from '../../../src/lib/durations.ts';

/** Formats for numbers, money and times. Always English, as the pages are. */
const LOCALE = 'en-US';

const WHOLE = new Intl.NumberFormat(LOCALE);
const COMPACT = new Intl.NumberFormat(LOCALE, { notation: 'compact', maximumFractionDigits: 1 });

/** Returns a count with thousands separators: `12,345`. */
export function formatCount(value: number): string {
  return WHOLE.format(value);
}

/** Returns a count short enough for an axis: `12.3K`. */
export function formatCompact(value: number): string {
  return COMPACT.format(value);
}

/** Returns a count with its noun: `1 key`, `3 keys`, or `2 entries` if the plural is given. */
export function formatAmount(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}

const BYTE_UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const;
const THREE_DIGITS = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 3 });

/** Returns bytes in the largest unit of 1,000 that leaves at least 1, with three digits: `512 B`, `1.25 GB`. */
export function formatBytes(bytes: number): string {
  // What rounds to 1,000 of a unit is 1 of the next.
  const unit = BYTE_UNITS.findIndex((_, power) => Number((bytes / 1_000 ** power).toPrecision(3)) < 1_000);
  const power = unit === -1 ? BYTE_UNITS.length - 1 : unit;
  return `${THREE_DIGITS.format(bytes / 1_000 ** power)} ${BYTE_UNITS[power]}`;
}

/** Returns a decimal string of money in its currency: `$1,234.50`. Amounts beyond a double's digits stay exact. */
export function formatMoney(decimal: string, currency: string): string {
  try {
    const format = new Intl.NumberFormat(LOCALE, { style: 'currency', currency });
    return format.format(decimal as unknown as number);
  } catch {
    return `${decimal} ${currency}`;
  }
}

/** Always one decimal, so that percentages below each other align. */
const ONE_DECIMAL = { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 } as const;
const SHARE = new Intl.NumberFormat(LOCALE, ONE_DECIMAL);
const CHANGE = new Intl.NumberFormat(LOCALE, { ...ONE_DECIMAL, signDisplay: 'exceptZero' });

/** Returns a share (0–1) in percent, with one decimal: `12.5%`, `100.0%`; below a tenth of a percent `< 0.1%`. */
export function formatShare(share: number): string {
  if (share > 0 && share < 0.001) return '< 0.1%';
  return SHARE.format(share);
}

/** Returns the change from `before` to `now` in percent, with a sign and one decimal; undefined if `before` is zero. */
export function formatChange(now: number, before: number): string | undefined {
  return before === 0 ? undefined : CHANGE.format((now - before) / Math.abs(before));
}

const SPANS = [
  ['day', DAY_SECONDS],
  ['hour', HOUR_SECONDS],
  ['minute', MINUTE_SECONDS],
] as const;

/** Units of relative times, with their seconds and the largest count shown: "76 days" says more than "3 months". */
const DISTANCES = [
  ['minute', MINUTE_SECONDS, 59],
  ['hour', HOUR_SECONDS, 23],
  ['day', DAY_SECONDS, 90],
  ['month', 30 * DAY_SECONDS, 11],
] as const;
const YEAR = ['year', 365 * DAY_SECONDS] as const;

const RELATIVE = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'always' });

/**
 * Returns when something happened, relative to `now` (epoch milliseconds), rounded: `5 minutes ago`. Never in the future,
 * although the server's clock can be ahead of the browser's: then `just now`.
 */
export function formatAgo(instant: string, now: number): string {
  return formatRelative(instant, Math.max(now, Date.parse(instant)));
}

/** Returns a time relative to `now` (epoch milliseconds), rounded: `5 minutes ago`, `in 12 days`, `in a moment`. */
export function formatRelative(instant: string, now: number): string {
  const seconds = (Date.parse(instant) - now) / 1_000;
  if (Math.abs(seconds) < MINUTE_SECONDS) return seconds > 0 ? 'in a moment' : 'just now';
  const [unit, size] =
    DISTANCES.find(([, each, most]) => Math.round(Math.abs(seconds) / each) <= most) ?? YEAR;
  return RELATIVE.format(Math.round(seconds / size), unit);
}

/** Returns a full time with its time zone: `Nov 23, 2026, 06:21:05 UTC`. */
export function formatExact(instant: string, timeZone?: string): string {
  const options: Intl.DateTimeFormatOptions = {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  };
  return new Intl.DateTimeFormat(LOCALE, { ...options, ...(timeZone && { timeZone }) }).format(
    new Date(instant),
  );
}

/** Returns a calendar day (`YYYY-MM-DD`) as `Nov 23`, with the year if `withYear`. */
export function formatDay(day: string, withYear = false): string {
  const options: Intl.DateTimeFormatOptions = { month: 'short', day: 'numeric', timeZone: 'UTC' };
  return new Intl.DateTimeFormat(LOCALE, { ...options, ...(withYear && { year: 'numeric' }) }).format(
    new Date(`${day}T00:00:00Z`),
  );
}

const HOUR: Intl.DateTimeFormatOptions = {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
};

/** Returns the beginning of an hour with its day: `Nov 23, 06:00`. */
export function formatHour(instant: string, timeZone: string): string {
  return new Intl.DateTimeFormat(LOCALE, { ...HOUR, timeZone }).format(new Date(instant));
}

/** Returns a duration in seconds in its largest exact unit: `1 day`, `36 hours`, `90 seconds`. */
export function formatSpan(seconds: number): string {
  for (const [unit, size] of SPANS) {
    if (seconds >= size && seconds % size === 0) return formatAmount(seconds / size, unit);
  }
  return formatAmount(seconds, 'second');
}

/** Returns the time of day with seconds: `06:21:05`. */
export function formatTimeOfDay(instant: string, timeZone: string): string {
  return new Intl.DateTimeFormat(LOCALE, { timeStyle: 'medium', hourCycle: 'h23', timeZone }).format(
    new Date(instant),
  );
}

/** Returns date and time with seconds, without the time zone; with the year only if it differs from that of `now`. */
export function formatMoment(instant: string, timeZone: string, now: number): string {
  const yearOf = (at: number) => new Date(at).getUTCFullYear();
  const isThisYear = yearOf(Date.parse(instant)) === yearOf(now);
  return new Intl.DateTimeFormat(LOCALE, {
    ...(!isThisYear && { year: 'numeric' }),
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZone,
  }).format(new Date(instant));
}
