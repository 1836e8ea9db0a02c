import { FREE_BYTES_MIN } from '../../disk/space.ts';
import { DAY_MS } from '../../lib/durations.ts';

/** Over how much time the rate of new events is measured. */
export const RATE_MS = 7 * DAY_MS;

/** What a forecast is made from. */
export type DiskTrend = {
  /** Free bytes on the disk that the events are on. */
  freeBytes: number;
  /** Bytes of all stored events, with everything derived from them. */
  storedBytes: number;
  /** How many events are stored. */
  storedEvents: number;
  /** How many events were accepted in the last `RATE_MS`. */
  newEvents: number;
  /** Time since the first event was accepted, in milliseconds; undefined if there was none. */
  sinceFirstMs: number | undefined;
};

/**
 * What becomes of the disk: `full` (events are refused now), `filling`, `steady` (no new events), or that there is less than a day to go
 * by. `fullInDays` are whole days, 0 for less than one.
 */
export type DiskForecast =
  | { status: 'not_enough_data' | 'steady' | 'full' }
  | { status: 'filling'; bytesPerDay: number; fullInDays: number };

/**
 * Returns when the disk is full, which is when events are refused, at the rate of the last 7 days, or of the time since the first event.
 * It assumes that new events take as many bytes as the stored ones do on average, that nothing else on the disk grows, and
 * that no event is deleted: with retention, the disk lasts longer.
 */
export function forecastDisk(trend: DiskTrend): DiskForecast {
  const { freeBytes, storedBytes, storedEvents, newEvents, sinceFirstMs } = trend;
  const leftBytes = freeBytes - FREE_BYTES_MIN;
  if (leftBytes < 0) return { status: 'full' };
  if (sinceFirstMs === undefined || sinceFirstMs < DAY_MS) return { status: 'not_enough_data' };
  if (newEvents === 0) return { status: 'steady' };
  // They were deleted since.
  if (storedEvents === 0 || storedBytes === 0) return { status: 'not_enough_data' };
  const days = Math.min(sinceFirstMs, RATE_MS) / DAY_MS;
  const bytesPerDay = Math.ceil((newEvents / days) * (storedBytes / storedEvents));
  return { status: 'filling', bytesPerDay, fullInDays: Math.floor(leftBytes / bytesPerDay) };
}
