import { DAY_MS, HOUR_MS } from '../lib/durations.ts';
import { dayAt, listOffsets, type ZoneOffset } from '../lib/zone-offsets.ts';

/** How wide the buckets of a histogram are. */
export const HISTOGRAM_INTERVALS = ['hour', 'day'] as const;

/** One of `HISTOGRAM_INTERVALS`. */
export type HistogramInterval = (typeof HISTOGRAM_INTERVALS)[number];

/**
 * Returns where the buckets begin that cover `fromMs` up to, not including, `toMs` (epoch milliseconds): the hours or days
 * of a time zone. The first can begin before `fromMs`. Days have 23 or 25 hours where clocks change.
 */
export function listBucketStarts(
  interval: HistogramInterval,
  timezone: string,
  fromMs: number,
  toMs: number,
): number[] {
  const [first, last] = [dayAt(timezone, fromMs), dayAt(timezone, toMs - 1)];
  const offsets = listOffsets(timezone, { first, last });
  if (interval === 'day') {
    return Array.from({ length: last - first + 1 }, (_, index) => startOfDay(offsets, first + index));
  }
  // Offsets that are no whole hours, such as +05:45, move the hours.
  const shift = offsetAt(offsets, fromMs) % HOUR_MS;
  const start = Math.floor((fromMs + shift) / HOUR_MS) * HOUR_MS - shift;
  return Array.from({ length: Math.ceil((toMs - start) / HOUR_MS) }, (_, index) => start + index * HOUR_MS);
}

/** Returns the most buckets that `listBucketStarts` can return, without computing them. */
export function countBucketsAtMost(interval: HistogramInterval, fromMs: number, toMs: number): number {
  return Math.ceil((toMs - fromMs) / (interval === 'day' ? DAY_MS : HOUR_MS)) + 1;
}

const offsetAt = (offsets: readonly ZoneOffset[], atMs: number) =>
  (offsets.findLast(({ fromMs }) => fromMs <= atMs) ?? offsets[0])?.offsetMs ?? 0;

/** Not always midnight, which the clock may jump over: then the day begins when the clock changes. */
function startOfDay(offsets: readonly ZoneOffset[], day: number): number {
  const midnights = offsets.map(({ offsetMs }) => day * DAY_MS - offsetMs);
  const changes = offsets.map(({ fromMs }) => fromMs);
  const isInDay = (atMs: number) => Math.floor((atMs + offsetAt(offsets, atMs)) / DAY_MS) === day;
  return Math.min(...[...midnights, ...changes].filter(isInDay));
}
