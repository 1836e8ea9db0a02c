import { type Static, Type } from 'typebox';
import type { Caller } from '../../api/caller.ts';
import { type FieldError, validationFailed } from '../../api/errors.ts';
import type { App } from '../../directory/app.ts';
import { countDays, type DayRange, formatDay } from '../../lib/calendar.ts';
import { closedObject, component } from '../../lib/schema.ts';
import { dayAt } from '../../lib/zone-offsets.ts';
import { COMPARE_QUERY, previousRange } from '../compare.ts';
import { METRIC_FIELDS } from '../daily-rows.ts';
import { HOUR_DEFINITIONS } from '../definitions.ts';
import { describeQuery, META_FIELDS } from '../meta.ts';
import { HOUR_METRICS, type HourMetric, metricsQuery, parseMetrics } from '../metrics.ts';
import {
  type AnalyticsQuery,
  type AnalyticsServices,
  COMMON_QUERY,
  parseQueryScope,
  type QueryServices,
} from '../query.ts';
import { parseDayRange, RANGE_QUERY } from '../range.ts';
import { countHours } from './count-hours.ts';
import { listHours } from './hours.ts';

/** The most days that hourly reports. */
const HOURLY_DAYS_MAX = 31;

/** Query parameters of hourly. */
export const HOURLY_QUERY = closedObject({
  ...COMMON_QUERY,
  ...RANGE_QUERY,
  ...metricsQuery(HOUR_METRICS),
  ...COMPARE_QUERY,
});

const HOUR_JSON = component(
  'HourlyMetrics',
  closedObject({
    hour: Type.String({
      format: 'date-time',
      description:
        'When the hour starts, in UTC. In a time zone such as that of Kathmandu, hours start at a quarter past.',
    }),
    active_users: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Users with an event in this time.' }),
    ),
    ...METRIC_FIELDS,
  }),
  { description: 'The metrics of an hour. Those that were not requested are missing.' },
);

/** Answer of hourly. */
export const HOURLY_ANSWER = component(
  'HourlyReport',
  closedObject({
    data: Type.Array(HOUR_JSON, {
      description:
        'Every clock hour of the range up to now, oldest first. An hour that the clock repeats is two rows, one that it skips is none.',
    }),
    previous: Type.Optional(
      Type.Array(HOUR_JSON, { description: 'As many days directly before, if `compare` is `previous`.' }),
    ),
    meta: closedObject({
      ...META_FIELDS,
      start: Type.String({ format: 'date', description: 'First day.' }),
      end: Type.String({ format: 'date', description: 'Last day.' }),
      metrics: Type.Array(Type.Enum([...HOUR_METRICS]), { description: 'The metrics in `data`.' }),
    }),
  }),
);

/** Returns a row per hour with the requested metrics. Throws 403, 422, StorageError. */
export async function answerHourly(
  services: AnalyticsServices,
  caller: Caller,
  app: App | undefined,
  query: Static<typeof HOURLY_QUERY>,
  signal: AbortSignal,
): Promise<Static<typeof HOURLY_ANSWER>> {
  const nowMs = services.clock.now();
  const scope = parseQueryScope(services, caller, app, query);
  const { range, metrics } = parseHourly(query, dayAt(scope.timezone, nowMs));
  const read = (days: DayRange) => readHours(services, { ...scope, range: days }, metrics, nowMs, signal);
  const [data, previous] = await Promise.all([read(range), query.compare && read(previousRange(range))]);
  const definitions = Object.fromEntries(metrics.map((metric) => [metric, HOUR_DEFINITIONS[metric]]));
  return {
    data,
    ...(previous && { previous }),
    meta: {
      ...describeQuery(scope, definitions, nowMs),
      start: formatDay(range.first),
      end: formatDay(range.last),
      metrics,
    },
  };
}

function parseHourly(
  query: Static<typeof HOURLY_QUERY>,
  today: number,
): { range: DayRange; metrics: HourMetric[] } {
  const days = parseDayRange({ ...query, ...(hasNoRange(query) && { days: 1 }) }, today);
  const chosen = parseMetrics(HOUR_METRICS, query.metrics);
  const errors = [
    ...('range' in days ? checkLength(days.range, query) : days.errors),
    ...('metrics' in chosen ? [] : chosen.errors),
  ];
  if (errors.length > 0 || !('range' in days && 'metrics' in chosen)) throw validationFailed(errors);
  return { range: days.range, metrics: chosen.metrics };
}

const hasNoRange = ({ days, start, end }: Static<typeof HOURLY_QUERY>) =>
  days === undefined && start === undefined && end === undefined;

function checkLength(range: DayRange, { days }: Static<typeof HOURLY_QUERY>): FieldError[] {
  const count = countDays(range);
  if (count <= HOURLY_DAYS_MAX) return [];
  const message = `Hourly metrics are for at most ${HOURLY_DAYS_MAX} days; these are ${count}.`;
  const fields = days === undefined ? ['start', 'end'] : ['days'];
  return fields.map((field) => ({ field, code: 'out_of_range', message }));
}

async function readHours(
  services: QueryServices,
  query: AnalyticsQuery,
  metrics: readonly HourMetric[],
  nowMs: number,
  signal: AbortSignal,
): Promise<Static<typeof HOUR_JSON>[]> {
  const hours = listHours(query.timezone, query.range);
  const counts = await countHours(services, query, { hours, metrics }, signal);
  const past = hours.filter((hour) => hour <= nowMs);
  return past.map((hour) => {
    const all = { ...counts(hour) };
    const cells = metrics.map((metric) =>
      metric === 'revenue'
        ? { revenue: all.revenue, revenue_by_currency: all.revenue_by_currency }
        : { [metric]: all[metric] },
    );
    return Object.assign({ hour: new Date(hour).toISOString() }, ...cells);
  });
}
