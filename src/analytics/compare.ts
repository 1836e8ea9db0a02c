import { Type } from 'typebox';
import { countDays, type DayRange } from '../lib/calendar.ts';

/** The query parameter that adds the period before. */
export const COMPARE_QUERY = {
  compare: Type.Optional(
    Type.Enum(['previous'], {
      description: '`previous` adds the same for as many days directly before, under `previous`.',
    }),
  ),
};

/** Returns the days directly before a range, as many as it has. */
export function previousRange(range: DayRange): DayRange {
  return { first: range.first - countDays(range), last: range.first - 1 };
}
