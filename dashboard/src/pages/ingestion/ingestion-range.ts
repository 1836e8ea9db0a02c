import { DAY_MS, HOUR_MS } from '../../../../src/lib/durations.ts';
import type { IngestionQuery } from '../../api/answers.ts';

/** The ranges on offer, and how long the periods are that a bar of the chart stands for. */
export const INGESTION_RANGES = [
  { value: '24h', label: '24 hours', periodMs: HOUR_MS, per: 'hour' },
  { value: '7d', label: '7 days', periodMs: 6 * HOUR_MS, per: '6 hours' },
  { value: '30d', label: '30 days', periodMs: DAY_MS, per: 'day' },
] as const;

/** One of `INGESTION_RANGES`. */
export type IngestionRange = (typeof INGESTION_RANGES)[number];

/** Whether a URL's `range` is one of them. */
export function isIngestionRange(range: string): boolean {
  return INGESTION_RANGES.some(({ value }) => value === range);
}

/** Returns the range of a URL; by default 24 hours. */
export function findIngestionRange(range: string | undefined): IngestionRange {
  return INGESTION_RANGES.find(({ value }) => value === range) ?? INGESTION_RANGES[0];
}

/** Returns the API query for a range as of `now` (epoch milliseconds). */
export function toIngestionQuery(
  range: IngestionRange,
  filter: Pick<IngestionQuery, 'key_id' | 'sdk_id'>,
  now: number,
): IngestionQuery {
  if (range.value === '24h') return filter;
  const daysAgo = (days: number) => new Date(now - days * DAY_MS).toISOString();
  if (range.value === '7d') return { ...filter, start: daysAgo(7) };
  return { ...filter, start: daysAgo(29).slice(0, 10), interval: 'day' };
}
