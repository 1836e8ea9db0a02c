import { type Static, Type } from 'typebox';
import type { Caller } from '../api/caller.ts';
import { validationFailed } from '../api/errors.ts';
import type { App } from '../directory/app.ts';
import { formatDay } from '../lib/calendar.ts';
import { closedObject, component } from '../lib/schema.ts';
import { dayAt } from '../lib/zone-offsets.ts';
import { COMPARE_QUERY, previousRange } from './compare.ts';
import { countPeriodUsers } from './count-period-users.ts';
import { USERS_DEFINITIONS } from './definitions.ts';
import { describeQuery, META_FIELDS } from './meta.ts';
import { cutPeriods, INTERVALS, type Interval, type Period } from './periods.ts';
import {
  type AnalyticsQuery,
  type AnalyticsServices,
  COMMON_QUERY,
  parseQueryScope,
  type QueryServices,
} from './query.ts';
import { parseDayRange, RANGE_QUERY } from './range.ts';

const RANGE = 'range';

/** Query parameters of unique users. */
export const USERS_QUERY = closedObject({
  ...COMMON_QUERY,
  ...RANGE_QUERY,
  interval: Type.Optional(
    Type.Enum([RANGE, ...INTERVALS], {
      description:
        'The periods to count in: the whole `range` (default), or each calendar `day`, `week` (from Monday) or `month` of it.',
    }),
  ),
  ...COMPARE_QUERY,
});

const PERIOD_JSON = component(
  'PeriodUsers',
  closedObject({
    start: Type.String({ format: 'date', description: 'First day of the period that is in the range.' }),
    end: Type.String({ format: 'date', description: 'Last day of the period that is in the range.' }),
    users: Type.Integer({ minimum: 0, description: 'Users with an event in the period, each once.' }),
    new_users: Type.Integer({ minimum: 0, description: 'Users with their first event in the period.' }),
    partial: Type.Boolean({
      description: 'Whether a part of the calendar week or month is outside the range.',
    }),
  }),
  { description: 'The users of a period.' },
);

/** Answer of unique users. */
export const USERS_ANSWER = component(
  'UsersReport',
  closedObject({
    data: Type.Array(PERIOD_JSON, { description: 'The periods of the range, oldest first.' }),
    previous: Type.Optional(
      Type.Array(PERIOD_JSON, { description: 'As many days directly before, if `compare` is `previous`.' }),
    ),
    meta: closedObject({
      ...META_FIELDS,
      start: Type.String({ format: 'date', description: 'First day.' }),
      end: Type.String({ format: 'date', description: 'Last day.' }),
      interval: Type.Enum([RANGE, ...INTERVALS], { description: 'The periods in `data`.' }),
    }),
  }),
);

/** Returns a row per period. Throws 403, 422, StorageError. */
export async function answerUsers(
  services: AnalyticsServices,
  caller: Caller,
  app: App | undefined,
  query: Static<typeof USERS_QUERY>,
  signal: AbortSignal,
): Promise<Static<typeof USERS_ANSWER>> {
  const nowMs = services.clock.now();
  const scope = parseQueryScope(services, caller, app, query);
  const days = parseDayRange(query, dayAt(scope.timezone, nowMs));
  if ('errors' in days) throw validationFailed(days.errors);
  const { interval = RANGE } = query;
  const parsed = { ...scope, range: days.range };
  const before = { ...scope, range: previousRange(days.range) };
  const [data, previous] = await Promise.all([
    readPeriods(services, parsed, interval, signal),
    query.compare && readPeriods(services, before, interval, signal),
  ]);
  return {
    data,
    ...(previous && { previous }),
    meta: {
      ...describeQuery(scope, USERS_DEFINITIONS, nowMs),
      start: formatDay(days.range.first),
      end: formatDay(days.range.last),
      interval,
    },
  };
}

async function readPeriods(
  services: QueryServices,
  query: AnalyticsQuery,
  interval: Interval | typeof RANGE,
  signal: AbortSignal,
): Promise<Static<typeof PERIOD_JSON>[]> {
  const whole: Period = { ...query.range, isPartial: false };
  const periods = interval === RANGE ? [whole] : cutPeriods(interval, query.range);
  const counts = await countPeriodUsers(services, query, periods, signal);
  return periods.map((period) => ({
    start: formatDay(period.first),
    end: formatDay(period.last),
    users: counts.get(period.first)?.users ?? 0,
    new_users: counts.get(period.first)?.newUsers ?? 0,
    partial: period.isPartial,
  }));
}
