import { formatDay } from '../../lib/format.ts';

/** How long each point of the chart is. */
export const INTERVALS = ['day', 'week', 'month'] as const;

/** One of `INTERVALS`. */
export type Interval = (typeof INTERVALS)[number];

const MONTH = new Intl.DateTimeFormat('en-US', { month: 'short', year: 'numeric', timeZone: 'UTC' });

/** Returns the name of a point: `Nov 23`, `Week of Nov 23`, `Nov 2026`; `isLong` adds the year. */
export function nameOfPeriod(start: string, interval: Interval, isLong = false): string {
  if (interval === 'month') return MONTH.format(new Date(`${start}T00:00:00Z`));
  return interval === 'week' && isLong ? `Week of ${formatDay(start, true)}` : formatDay(start, isLong);
}
