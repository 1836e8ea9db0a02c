import { parseWantedDays } from '../../lib/day-range.ts';

const HOURS: Readonly<Record<string, number>> = { '1h': 1, '24h': 24 };

/** Returns how many hours a URL's `range` goes back; undefined when it counts days, or nothing. */
export function hoursOf(range: string | undefined): number | undefined {
  return range !== undefined && Object.hasOwn(HOURS, range) ? HOURS[range] : undefined;
}

/** Whether a URL's `range` means something: hours, or days as in `day-range.ts`. */
export function isEventRange(range: string): boolean {
  return hoursOf(range) !== undefined || parseWantedDays(range) !== undefined;
}
