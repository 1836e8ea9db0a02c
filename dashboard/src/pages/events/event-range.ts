import { parseDaySelection } from '../../lib/day-range.ts';

const HOURS: Readonly<Record<string, number>> = { '1h': 1, '24h': 24 };

/** Returns the hours of a URL's `range`; undefined if it is in days or invalid. */
export function parseHours(range: string | undefined): number | undefined {
  return range !== undefined && Object.hasOwn(HOURS, range) ? HOURS[range] : undefined;
}

/** Whether a URL's `range` is valid: hours, or days as in `day-range.ts`. */
export function isEventRange(range: string): boolean {
  return parseHours(range) !== undefined || parseDaySelection(range) !== undefined;
}
