import { type Static, Type } from 'typebox';
import { type FieldError, validationFailed } from '../api/errors.ts';
import { DAY_MS, HOUR_MS } from '../lib/durations.ts';
import type { closedObject } from '../lib/schema.ts';
import { parseTimestamp } from '../lib/timestamp.ts';
import { INTERVALS_MS, KEPT_DAYS } from './count-store.ts';

const DAYS_MAX = { hour: 31, day: KEPT_DAYS } as const;
const DEFAULT_MS = 24 * HOUR_MS;

const instant = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 64, description }));

/** The query parameters that select hours of receipt. */
export const RANGE_QUERY = {
  start: instant(
    'From the hour of this time on: an RFC 3339 time, or a day (`2026-11-22`, UTC). Default: 24 hours before `end`.',
  ),
  end: instant('Until this time, or until the end of this day. Default: now.'),
  interval: Type.Optional(
    Type.Enum(['hour', 'day'], {
      description: `Whether a row is an hour (the default; at most ${DAYS_MAX.hour} days) or a day of UTC (at most ${DAYS_MAX.day} days).`,
    }),
  ),
};

type RangeQuery = Static<ReturnType<typeof closedObject<typeof RANGE_QUERY>>>;

/** From the first millisecond of a period to the one after the last; the periods are hours or days of UTC. */
export type CountRange = { from: number; to: number; interval: keyof typeof INTERVALS_MS };

/** Returns the requested range as of `nowMs`. Throws 422 with every invalid parameter. */
export function parseRange({ start, end, interval = 'hour' }: RangeQuery, nowMs: number): CountRange {
  const errors: FieldError[] = [];
  const read = (field: string, text: string, dayEndMs: number) => {
    const day = parseTimestamp(`${text}T00:00:00Z`);
    const time = day === undefined ? parseTimestamp(text) : day + dayEndMs;
    if (time !== undefined) return time;
    const message = `${field} must be an RFC 3339 time such as 2026-11-22T10:00:00Z, or a day such as 2026-11-22.`;
    errors.push({ field, code: 'format', message });
    return nowMs;
  };
  // Nothing was received later, or before 1970.
  const to = Math.min(end === undefined ? nowMs + 1 : read('end', end, DAY_MS), nowMs + 1);
  const from = Math.max(start === undefined ? to - DEFAULT_MS : read('start', start, 0), 0);
  if (errors.length === 0) errors.push(...checkLength(from, to, interval));
  if (errors.length > 0) throw validationFailed(errors);
  return { from: from - (from % INTERVALS_MS[interval]), to, interval };
}

function checkLength(from: number, to: number, interval: CountRange['interval']): FieldError[] {
  const daysMax = DAYS_MAX[interval];
  // The default of `end` is one millisecond later than what a caller can know.
  const isTooLong = to - from > daysMax * DAY_MS + 1;
  if (from <= to && !isTooLong) return [];
  const message = isTooLong
    ? `start and end may lie at most ${daysMax} days apart with interval=${interval}.`
    : 'start must not be later than end, or in the future.';
  return ['start', 'end'].map((field) => ({ field, code: 'out_of_range', message }));
}
