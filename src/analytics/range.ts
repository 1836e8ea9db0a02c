import { type Static, Type } from 'typebox';
import type { FieldError } from '../api/errors.ts';
import { countDays, type Day, type DayRange, parseDay } from '../lib/calendar.ts';
import type { closedObject } from '../lib/schema.ts';

const DAYS_MAX = 4_000;
const DAYS_DEFAULT = 30;

/** The query parameters that select calendar days: `days`, or `start` and `end`. */
export const RANGE_QUERY = {
  days: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: DAYS_MAX,
      description: `Number of calendar days, including today (default ${DAYS_DEFAULT}).`,
    }),
  ),
  start: Type.Optional(
    Type.String({ format: 'date', description: 'First day, inclusive. Requires `end`; replaces `days`.' }),
  ),
  end: Type.Optional(
    Type.String({ format: 'date', description: 'Last day, inclusive. Requires `start`; replaces `days`.' }),
  ),
};

type RangeQuery = Static<ReturnType<typeof closedObject<typeof RANGE_QUERY>>>;

/** The requested days, or one error per invalid field. */
export type ParsedDayRange = { range: DayRange } | { errors: FieldError[] };

/** Returns the days that a query requests as of `today`, or the errors in its parameters. */
export function parseDayRange(query: RangeQuery, today: Day): ParsedDayRange {
  const { days, start, end } = query;
  if (days !== undefined && (start !== undefined || end !== undefined)) return contradiction(query);
  if (start !== undefined && end !== undefined)
    return checkOrder({ first: parseDay(start), last: parseDay(end) });
  if (start !== undefined) return { errors: [missing('end', 'start')] };
  if (end !== undefined) return { errors: [missing('start', 'end')] };
  return { range: { first: today - (days ?? DAYS_DEFAULT) + 1, last: today } };
}

function contradiction(query: RangeQuery): ParsedDayRange {
  const given = (['days', 'start', 'end'] as const).filter((field) => query[field] !== undefined);
  const message = 'Send either days, or start and end; not both.';
  return { errors: given.map((field) => ({ field, code: 'contradiction', message })) };
}

const missing = (field: string, other: string): FieldError => ({
  field,
  code: 'required',
  message: `${field} is required with ${other}. You can also send days instead.`,
});

function checkOrder(range: DayRange): ParsedDayRange {
  if (range.last < range.first) return bothOutOfRange('start must not be later than end.');
  const count = countDays(range);
  if (count <= DAYS_MAX) return { range };
  return bothOutOfRange(`start to end is ${count} days; the maximum is ${DAYS_MAX}.`);
}

function bothOutOfRange(message: string): ParsedDayRange {
  return { errors: ['start', 'end'].map((field) => ({ field, code: 'out_of_range', message })) };
}
