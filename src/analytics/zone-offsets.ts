import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../lib/durations.ts';
import type { Day, DayRange } from './calendar.ts';

/** From `fromMs` (epoch milliseconds) on, local time is UTC plus `offsetMs`, until the next one. */
export type ZoneOffset = { fromMs: number; offsetMs: number };

const WEEK_MS = 7 * DAY_MS;
/** No zone was ever further from UTC than this (Manila and Alaska before their date line moved). */
const OFFSET_MS_MAX = 16 * HOUR_MS;
const OFFSET = /GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/;

/**
 * Returns the offsets that a zone has while any of the days lasts there, in order, the first for all time before.
 *
 * Node's ICU alone decides what a local day is, and the event store is told the offsets: its own time zone table may
 * be of another year, wants names in one spelling, and takes days for one piece each. They are not: until 2011
 * St. John's set its clocks back at 00:01, so that an hour of Saturday came after the first minute of Sunday.
 */
export function listOffsets(timezone: string, { first, last }: DayRange): ZoneOffset[] {
  const offsetAt = zoneReader(timezone);
  let atMs = first * DAY_MS - OFFSET_MS_MAX;
  const endMs = (last + 1) * DAY_MS + OFFSET_MS_MAX;
  const offsets = [{ fromMs: atMs, offsetMs: offsetAt(atMs) }];
  // A week at a time: since 2000, the year of the oldest events, no zone changed twice within one.
  for (let before = offsetAt(atMs); atMs < endMs; atMs += WEEK_MS) {
    const after = offsetAt(atMs + WEEK_MS);
    if (before === after) continue;
    offsets.push({ fromMs: findChange(offsetAt, before, atMs, atMs + WEEK_MS), offsetMs: after });
    before = after;
  }
  return offsets;
}

/** Returns the day it is at `atMs` (epoch milliseconds) in a zone. */
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

/** Returns the first millisecond after `fromMs` whose offset is not `before`; at `toMs` it is another already. */
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
