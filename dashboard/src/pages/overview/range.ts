import { addDays, countDays, type DaySelection } from '../../lib/day-range.ts';
import { METRICS, type Metric } from './metrics.ts';

export const MEASURES = ['events', 'users', 'revenue'] as const;

/** The metric of breakdowns. */
export type Measure = (typeof MEASURES)[number];

/** The default selection. */
export const DEFAULT_DAYS: DaySelection = { days: 30 };

/** Returns the query parameters for these days, and for the same number before them if `isCompared`. */
export function rangeQuery(
  selection: DaySelection,
  isCompared: boolean,
): { days: number } | { start: string; end: string } {
  if ('days' in selection) return { days: isCompared ? 2 * selection.days : selection.days };
  const before = isCompared ? countDays(selection) : 0;
  return { start: addDays(selection.first, -before), end: selection.last };
}

/** Returns the number of selected days. */
export function countSelectedDays(selection: DaySelection): number {
  return 'days' in selection ? selection.days : countDays(selection);
}

/** Returns the metric in a URL; active users by default. */
export function parseMetric(text: string | undefined): Metric {
  return METRICS.find((metric) => metric === text) ?? 'dau';
}

/** Returns the measure in a URL; events by default. */
export function parseMeasure(text: string | undefined): Measure {
  return MEASURES.find((measure) => measure === text) ?? 'events';
}
