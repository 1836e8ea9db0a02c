import type { DayRange } from '../../lib/calendar.ts';
import { DAY_MS, HOUR_MS } from '../../lib/durations.ts';
import { listOffsets } from '../../lib/zone-offsets.ts';

/**
 * Returns when each clock hour of some local days starts, epoch milliseconds, oldest first. An hour
 * that the clock repeats is listed twice, one that it skips not at all, and one that it enters or leaves in the middle is as long as
 * it lasts.
 */
export function listHours(timezone: string, range: DayRange): number[] {
  const offsets = listOffsets(timezone, range);
  const hours: number[] = [];
  for (const [index, { fromMs, offsetMs }] of offsets.entries()) {
    const endMs = offsets[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
    // The first offset also applies to all time before.
    const firstMs = Math.max(
      index === 0 ? Number.NEGATIVE_INFINITY : fromMs,
      range.first * DAY_MS - offsetMs,
    );
    const lastMs = Math.min(endMs, (range.last + 1) * DAY_MS - offsetMs);
    for (let atMs = firstMs; atMs < lastMs; atMs = nextHour(atMs, offsetMs)) hours.push(atMs);
  }
  return hours;
}

const nextHour = (atMs: number, offsetMs: number): number =>
  (Math.floor((atMs + offsetMs) / HOUR_MS) + 1) * HOUR_MS - offsetMs;
