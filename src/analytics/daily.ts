import { type Static, Type } from 'typebox';
import type { Caller } from '../api/caller.ts';
import { validationFailed } from '../api/errors.ts';
import type { App } from '../directory/app.ts';
import { formatDay } from '../lib/calendar.ts';
import { closedObject, component } from '../lib/schema.ts';
import { dayAt } from '../lib/zone-offsets.ts';
import { COMPARE_QUERY, previousRange } from './compare.ts';
import { DAY_JSON, readDays } from './daily-rows.ts';
import { METRIC_DEFINITIONS } from './definitions.ts';
import { describeQuery, META_FIELDS } from './meta.ts';
import { METRICS, type Metric, metricsQuery, parseMetrics } from './metrics.ts';
import { type AnalyticsQuery, type AnalyticsServices, COMMON_QUERY, parseQueryScope } from './query.ts';
import { parseDayRange, RANGE_QUERY } from './range.ts';

/** Query parameters of daily. */
export const DAILY_QUERY = closedObject({
  ...COMMON_QUERY,
  ...RANGE_QUERY,
  ...metricsQuery(METRICS),
  ...COMPARE_QUERY,
});

/** Answer of daily. */
export const DAILY_ANSWER = component(
  'DailyReport',
  closedObject({
    data: Type.Array(DAY_JSON, { description: 'Every day of the range, oldest first.' }),
    previous: Type.Optional(
      Type.Array(DAY_JSON, { description: 'As many days directly before, if `compare` is `previous`.' }),
    ),
    meta: closedObject({
      ...META_FIELDS,
      start: Type.String({ format: 'date', description: 'First day.' }),
      end: Type.String({ format: 'date', description: 'Last day.' }),
      metrics: Type.Array(Type.Enum([...METRICS]), { description: 'The metrics in `data`.' }),
    }),
  }),
);

type Answer = Static<typeof DAILY_ANSWER>;

/** Returns a row per requested day with the requested metrics. Throws 403, 422, StorageError. */
export async function answerDaily(
  services: AnalyticsServices,
  caller: Caller,
  app: App | undefined,
  query: Static<typeof DAILY_QUERY>,
  signal: AbortSignal,
): Promise<Answer> {
  const nowMs = services.clock.now();
  const { parsed, metrics } = parseDaily(services, caller, { app, query }, nowMs);
  const before = { ...parsed, range: previousRange(parsed.range) };
  const [data, previous] = await Promise.all([
    readDays(services, parsed, metrics, signal),
    query.compare && readDays(services, before, metrics, signal),
  ]);
  const definitions = Object.fromEntries(metrics.map((metric) => [metric, METRIC_DEFINITIONS[metric]]));
  return {
    data,
    ...(previous && { previous }),
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
  const chosen = parseMetrics(METRICS, query.metrics);
  const errors = [...('range' in days ? [] : days.errors), ...('metrics' in chosen ? [] : chosen.errors)];
  if (!('range' in days && 'metrics' in chosen)) throw validationFailed(errors);
  return { parsed: { ...scope, range: days.range }, metrics: chosen.metrics };
}
