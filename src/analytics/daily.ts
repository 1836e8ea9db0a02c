import { type Static, Type } from 'typebox';
import type { Caller } from '../api/caller.ts';
import { validationFailed } from '../api/errors.ts';
import type { App } from '../directory/app.ts';
import { type Day, formatDay, listDays } from '../lib/calendar.ts';
import { closedObject, component } from '../lib/schema.ts';
import { dayAt } from '../lib/zone-offsets.ts';
import { countActivity, isActivityMetric } from './count-activity.ts';
import { countNewUsers } from './count-new-users.ts';
import { METRIC_DEFINITIONS } from './definitions.ts';
import { describeQuery, META_FIELDS } from './meta.ts';
import { METRICS, METRICS_QUERY, type Metric, parseMetrics } from './metrics.ts';
import {
  type AnalyticsQuery,
  type AnalyticsServices,
  COMMON_QUERY,
  parseQueryScope,
  type QueryServices,
} from './query.ts';
import { parseDayRange, RANGE_QUERY } from './range.ts';
import { sumRevenue, toRevenue } from './sum-revenue.ts';

/** Query parameters of daily. */
export const DAILY_QUERY = closedObject({ ...COMMON_QUERY, ...RANGE_QUERY, ...METRICS_QUERY });

const count = (description: string) => Type.Optional(Type.Integer({ minimum: 0, description }));

const DAY_JSON = component(
  'DailyMetrics',
  closedObject({
    date: Type.String({ format: 'date', description: 'The calendar day.' }),
    dau: count('Daily active users.'),
    new_users: count('Users with their first event on this day.'),
    sessions: count('Sessions with at least one event on this day.'),
    events: count('Events on this day.'),
    revenue: Type.Optional(Type.String({ description: 'Exact decimal, in the currency of the app.' })),
    revenue_by_currency: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: 'Exact decimals, by ISO 4217 code.' }),
    ),
  }),
  { description: 'The metrics of a day. Those that were not requested are missing.' },
);

/** Answer of daily. */
export const DAILY_ANSWER = component(
  'DailyReport',
  closedObject({
    data: Type.Array(DAY_JSON, { description: 'Every day of the range, oldest first.' }),
    meta: closedObject({
      ...META_FIELDS,
      start: Type.String({ format: 'date', description: 'First day.' }),
      end: Type.String({ format: 'date', description: 'Last day.' }),
      metrics: Type.Array(Type.Enum([...METRICS]), { description: 'The metrics in `data`.' }),
    }),
  }),
);

type Answer = Static<typeof DAILY_ANSWER>;
type Row = Answer['data'][number];

/** Returns a row per requested day with the requested metrics. Throws 422, StorageError. */
export async function answerDaily(
  services: AnalyticsServices,
  caller: Caller,
  app: App | undefined,
  query: Static<typeof DAILY_QUERY>,
  signal: AbortSignal,
): Promise<Answer> {
  const nowMs = services.clock.now();
  const { parsed, metrics } = parseDaily(services, caller, { app, query }, nowMs);
  const row = await readDays(services, parsed, metrics, signal);
  const definitions = Object.fromEntries(metrics.map((metric) => [metric, METRIC_DEFINITIONS[metric]]));
  return {
    data: listDays(parsed.range).map(row),
    meta: {
      ...describeQuery(parsed, definitions, nowMs),
      start: formatDay(parsed.range.first),
      end: formatDay(parsed.range.last),
      metrics,
    },
  };
}

/** Reports all invalid parameters in one error, across range and metrics. */
function parseDaily(
  services: AnalyticsServices,
  caller: Caller,
  { app, query }: { app: App | undefined; query: Static<typeof DAILY_QUERY> },
  nowMs: number,
): { parsed: AnalyticsQuery; metrics: Metric[] } {
  const scope = parseQueryScope(services, caller, app, query);
  const days = parseDayRange(query, dayAt(scope.timezone, nowMs));
  const chosen = parseMetrics(query.metrics);
  const errors = [...('range' in days ? [] : days.errors), ...('metrics' in chosen ? [] : chosen.errors)];
  if (!('range' in days && 'metrics' in chosen)) throw validationFailed(errors);
  return { parsed: { ...scope, range: days.range }, metrics: chosen.metrics };
}

/** Runs the statements that the metrics need in parallel, and returns a function that creates a day's row. */
async function readDays(
  services: QueryServices,
  query: AnalyticsQuery,
  metrics: readonly Metric[],
  signal: AbortSignal,
): Promise<(day: Day) => Row> {
  const counted = metrics.filter(isActivityMetric);
  const [activity, newUsers, revenue] = await Promise.all([
    counted.length > 0 ? countActivity(services, query, counted, signal) : undefined,
    metrics.includes('new_users') ? countNewUsers(services, query, signal) : undefined,
    metrics.includes('revenue') ? sumRevenue(services, query, signal) : undefined,
  ]);
  const cells: Record<Metric, (day: Day) => Partial<Row>> = {
    dau: (day) => ({ dau: activity?.get(day)?.dau ?? 0 }),
    new_users: (day) => ({ new_users: newUsers?.get(day) ?? 0 }),
    sessions: (day) => ({ sessions: activity?.get(day)?.sessions ?? 0 }),
    events: (day) => ({ events: activity?.get(day)?.events ?? 0 }),
    revenue: (day) => toRevenue(revenue?.get(day), query.currency),
  };
  return (day) => Object.assign({ date: formatDay(day) }, ...metrics.map((metric) => cells[metric](day)));
}
