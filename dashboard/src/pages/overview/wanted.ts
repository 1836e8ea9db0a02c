import { addDays, countDays, type WantedDays } from '../../lib/day-range.ts';
import { METRICS, type Metric } from './metrics.ts';

export const MEASURES = ['events', 'users', 'revenue'] as const;

/** What breakdowns are measured by. */
export type Measure = (typeof MEASURES)[number];

/** The days asked for when the URL names none. */
export const DEFAULT_DAYS: WantedDays = { days: 30 };

/** Returns the parameters that ask for these days, and for as many before them when `isCompared`. */
export function rangeQuery(
  wanted: WantedDays,
  isCompared: boolean,
): { days: number } | { start: string; end: string } {
  if ('days' in wanted) return { days: isCompared ? 2 * wanted.days : wanted.days };
  const before = isCompared ? countDays(wanted) : 0;
  return { start: addDays(wanted.first, -before), end: wanted.last };
}

/** Returns how many days are asked for. */
export function wantedCount(wanted: WantedDays): number {
  return 'days' in wanted ? wanted.days : countDays(wanted);
}

/** Returns the metric a URL names; active users when it names none. */
export function parseMetric(text: string | undefined): Metric {
  return METRICS.find((metric) => metric === text) ?? 'dau';
}

/** Returns the measure a URL names; events when it names none. */
export function parseMeasure(text: string | undefined): Measure {
  return MEASURES.find((measure) => measure === text) ?? 'events';
}
