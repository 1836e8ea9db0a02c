import type { Day, DayRange } from './calendar.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from './durations.ts';

/** From `fromMs` (epoch milliseconds) on, local time is UTC plus `offsetMs`, until the next one. */
export type ZoneOffset = { fromMs: number; offsetMs: number };

const WEEK_MS = 7 * DAY_MS;
/** No time zone was ever further from UTC (Manila and Alaska, before the date line moved). */
const OFFSET_MS_MAX = 16 * HOUR_MS;
const OFFSET = /GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/;

/**
 * Returns the offsets of a time zone during these local days, in order. The first also applies to all time before.
 *
 * Only Node's ICU decides what a local day is, and the engine gets the offsets. The engine's own time zone table may
 * be from another year, knows one spelling per name, and assumes that a day is one continuous span. It is not: until
 * 2011 St. John's set its clocks back at 00:01, so that an hour of Saturday followed the first minute of Sunday.
 */
export function listOffsets(timezone: string, { first, last }: DayRange): ZoneOffset[] {
  const offsetAt = zoneReader(timezone);
  let atMs = first * DAY_MS - OFFSET_MS_MAX;
  const endMs = (last + 1) * DAY_MS + OFFSET_MS_MAX;
  const offsets = [{ fromMs: atMs, offsetMs: offsetAt(atMs) }];
  // One week per step: since 2000, the year of the oldest events, no zone changed twice within a week.
  for (let before = offsetAt(atMs); atMs < endMs; atMs += WEEK_MS) {
    const after = offsetAt(atMs + WEEK_MS);
    if (before === after) continue;
    offsets.push({ fromMs: findChange(offsetAt, before, atMs, atMs + WEEK_MS), offsetMs: after });
    before = after;
  }
  return offsets;
}

/** Returns the local day at `atMs` (epoch milliseconds) in a time zone. */
export function dayAt(timezone: string, atMs: number): Day {
  return Math.floor((atMs + zoneReader(timezone)(atMs)) / DAY_MS);
}

function zoneReader(timezone: string): (atMs: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: timezone, timeZoneName: 'longOffset' });
  return (atMs) => {
    const [found, sign, hours, minutes, seconds = '0'] = OFFSET.exec(format.format(atMs)) ?? [];
    if (found === undefined) throw new Error(`No offset can be read for time zone ${timezone}.`);
    if (sign === undefined) return 0;
    const size = Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS + Number(seconds) * SECOND_MS;
    return sign === '-' ? -size : size;
  };
}

/** Returns the first millisecond after `fromMs` with an offset other than `before`. `toMs` must have another one. */
function findChange(
  offsetAt: (atMs: number) => number,
  before: number,
  fromMs: number,
  toMs: number,
): number {
  let [low, high] = [fromMs, toMs];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle) === before) low = middle;
    else high = middle;
  }
  return high;
}
