import { DAY_MS } from '../../../../src/lib/durations.ts';
import type { EventQuery, HistogramQuery } from '../../api/answers.ts';

const HOURLY_MS_MAX = 3 * DAY_MS;
const ALL_TIME_DAYS = 90;
const DAYS_MAX = 366;

/** Returns the query of the histogram above the events, and whether it shows only the last part of a longer range. */
export function toHistogramQuery(
  { from, to, ...filters }: EventQuery,
  { timezone, nowMs }: { timezone: string; nowMs: number },
): { query: HistogramQuery; isCut: boolean } {
  const endMs = to === undefined ? nowMs : Date.parse(to);
  const wantedMs = from === undefined ? endMs - ALL_TIME_DAYS * DAY_MS : Date.parse(from);
  const startMs = Math.max(wantedMs, endMs - DAYS_MAX * DAY_MS);
  const interval = endMs - startMs <= HOURLY_MS_MAX ? 'hour' : 'day';
  const times = { from: new Date(startMs).toISOString(), to: new Date(endMs).toISOString() };
  return {
    query: { ...filters, ...times, interval, timezone },
    isCut: from === undefined || startMs > wantedMs,
  };
}
