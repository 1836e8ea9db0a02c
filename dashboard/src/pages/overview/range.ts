import { addDays, countDays, type DayRange, type DaySelection } from '../../lib/day-range.ts';
import { METRICS, type Metric } from './metrics.ts';

export const MEASURES = ['events', 'users', 'revenue'] as const;

/** The metric of breakdowns. */
export type Measure = (typeof MEASURES)[number];

/** The default selection. */
export const DEFAULT_DAYS: DaySelection = { days: 30 };

/** Returns the days as query parameters, with the same number of days before them if `isCompared`. */
export function rangeQuery(range: DayRange, isCompared: boolean): { start: string; end: string } {
  const before = isCompared ? countDays(range) : 0;
  return { start: addDays(range.first, -before), end: range.last };
}

/** Returns the metric in a URL; active users by default. */
export function parseMetric(text: string | undefined): Metric {
  return METRICS.find((metric) => metric === text) ?? 'dau';
}

/** Returns the measure in a URL; events by default. */
export function parseMeasure(text: string | undefined): Measure {
  return MEASURES.find((measure) => measure === text) ?? 'events';
}
