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
  const zone = zoneOf(timezone);
  const fromMs = first * DAY_MS - OFFSET_MS_MAX;
  const endMs = (last + 1) * DAY_MS + OFFSET_MS_MAX;
  const offsets = [{ fromMs, offsetMs: findOffset(zone, fromMs) }];
  for (let week = Math.floor(fromMs / WEEK_MS); week * WEEK_MS < endMs; week += 1) {
    for (const offset of offsetsOfWeek(zone, week)) {
      if (offset.fromMs > fromMs && offset.offsetMs !== offsets.at(-1)?.offsetMs) offsets.push(offset);
    }
  }
  return offsets;
}

/** Returns the local day at `atMs` (epoch milliseconds) in a time zone. */
export function dayAt(timezone: string, atMs: number): Day {
  return Math.floor((atMs + findOffset(zoneOf(timezone), atMs)) / DAY_MS);
}

/**
 * Returns the epoch milliseconds of a local time that was counted as if it were UTC. A local time that occurs twice, because clocks were
 * set back, is the second one; one that does not occur is read as if clocks had not been set forward yet.
 */
export function toUtcMs(timezone: string, localMs: number): number {
  const zone = zoneOf(timezone);
  const later = findOffset(zone, localMs + DAY_MS);
  const isLater = findOffset(zone, localMs - later) === later;
  return localMs - (isLater ? later : findOffset(zone, localMs - DAY_MS));
}

/** A time zone, and its offsets in the weeks since 1970 that were asked for: asking ICU takes many times longer. */
type Zone = { offsetAt: (atMs: number) => number; weeks: Map<number, WeekOffsets> };

type WeekOffsets = [ZoneOffset, ...ZoneOffset[]];

/** More than there are time zones: names may be spelled in several ways. */
const ZONES_MAX = 600;
/** Weeks of a zone in memory: more than the longest query asks for. */
const WEEKS_MAX = 2_000;
const zones = new Map<string, Zone>();

function zoneOf(timezone: string): Zone {
  const known = zones.get(timezone);
  if (known) return known;
  const zone = { offsetAt: zoneReader(timezone), weeks: new Map() };
  const [oldest] = zones.keys();
  if (zones.size >= ZONES_MAX && oldest !== undefined) zones.delete(oldest);
  zones.set(timezone, zone);
  return zone;
}

function findOffset(zone: Zone, atMs: number): number {
  const [first, second] = offsetsOfWeek(zone, Math.floor(atMs / WEEK_MS));
  return (second !== undefined && atMs >= second.fromMs ? second : first).offsetMs;
}

/**
 * Returns one or two offsets: since 2000, the year of the oldest events, no zone changed twice between two Thursdays (UTC), with
 * which these weeks begin.
 */
function offsetsOfWeek({ offsetAt, weeks }: Zone, week: number): WeekOffsets {
  const known = weeks.get(week);
  if (known) return known;
  const [fromMs, toMs] = [week * WEEK_MS, (week + 1) * WEEK_MS];
  const [offsetMs, after] = [offsetAt(fromMs), offsetAt(toMs)];
  const found: WeekOffsets = [{ fromMs, offsetMs }];
  if (after !== offsetMs)
    found.push({ fromMs: findChange(offsetAt, offsetMs, fromMs, toMs), offsetMs: after });
  if (weeks.size >= WEEKS_MAX) weeks.clear();
  weeks.set(week, found);
  return found;
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
