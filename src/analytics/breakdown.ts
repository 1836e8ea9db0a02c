import { type Static, Type } from 'typebox';
import type { Caller } from '../api/caller.ts';
import { validationFailed } from '../api/errors.ts';
import { requireScope } from '../api/permission.ts';
import type { App } from '../directory/app.ts';
import { formatDay } from '../lib/calendar.ts';
import { closedObject, component, nullable } from '../lib/schema.ts';
import { dayAt } from '../lib/zone-offsets.ts';
import { COMPARE_QUERY, previousRange } from './compare.ts';
import { countTop } from './count-top.ts';
import { BREAKDOWN_DEFINITIONS } from './definitions.ts';
import { describeQuery, META_FIELDS } from './meta.ts';
import {
  type AnalyticsQuery,
  type AnalyticsServices,
  COMMON_QUERY,
  FILTERS,
  parseQueryScope,
  type QueryScope,
} from './query.ts';
import { parseDayRange, RANGE_QUERY } from './range.ts';
import { sumTopRevenue } from './sum-top-revenue.ts';
import type { Dimension } from './top-values.ts';

const BREAKDOWN_METRICS = ['events', 'users', 'revenue'] as const;
const LIMIT_DEFAULT = 10;
const LIMIT_MAX = 200;
const PROPERTY = 'property:';

/** Query parameters of breakdown. */
export const BREAKDOWN_QUERY = closedObject({
  ...COMMON_QUERY,
  ...RANGE_QUERY,
  ...COMPARE_QUERY,
  by: Type.String({
    pattern: '^(event_name|platform|country|app_version|property:[\\s\\S]{0,128})$',
    description:
      '`event_name`, `platform`, `country`, `app_version`, or `property:NAME` (such as `property:plan`), which also requires `events:read`.',
  }),
  metric: Type.Optional(
    Type.Enum([...BREAKDOWN_METRICS], { description: 'What to measure (default: `events`).' }),
  ),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: LIMIT_MAX,
      description: `Number of values (default ${LIMIT_DEFAULT}); the rest is grouped as "other".`,
    }),
  ),
});

const COUNT = Type.Optional(Type.Integer({ minimum: 0 }));

const MEASURE = {
  events: COUNT,
  users: COUNT,
  revenue: Type.Optional(Type.String({ description: 'Exact decimal, in the currency of the app.' })),
  revenue_by_currency: Type.Optional(
    Type.Record(Type.String(), Type.String(), { description: 'Exact decimals, by ISO 4217 code.' }),
  ),
  share: nullable(
    Type.Number({ minimum: 0, maximum: 1, description: 'Part of the total; null if there is no total.' }),
  ),
};

/** Answer of breakdown. */
export const BREAKDOWN_ANSWER = component(
  'BreakdownReport',
  closedObject({
    data: Type.Array(closedObject({ value: nullable(Type.String()), ...MEASURE }), {
      description: 'The highest values, highest first. `value` is null for events without one.',
    }),
    other: closedObject(MEASURE),
    previous: Type.Optional(
      closedObject({
        data: Type.Array(closedObject({ value: nullable(Type.String()), ...MEASURE }), {
          description: 'The highest values of as many days directly before, if `compare` is `previous`.',
        }),
        other: closedObject(MEASURE),
      }),
    ),
    meta: closedObject({
      ...META_FIELDS,
      start: Type.String({ format: 'date', description: 'First day.' }),
      end: Type.String({ format: 'date', description: 'Last day.' }),
      by: Type.String({ description: 'The dimension.' }),
      metric: Type.Enum([...BREAKDOWN_METRICS], { description: 'What was measured.' }),
      limit: Type.Integer({ description: 'Number of values at most.' }),
    }),
  }),
);

type Query = Static<typeof BREAKDOWN_QUERY>;

/** Returns the highest values of `by`, and all others together. Throws 403, 422, StorageError. */
export async function answerBreakdown(
  services: AnalyticsServices,
  caller: Caller,
  app: App | undefined,
  query: Query,
  signal: AbortSignal,
): Promise<Static<typeof BREAKDOWN_ANSWER>> {
  const { by, metric = 'events', limit = LIMIT_DEFAULT } = query;
  // A breakdown by property would reveal its values, so it needs permission to read events.
  if (by.startsWith(PROPERTY)) requireScope(caller.principal, 'events:read');
  const { clock } = services;
  const nowMs = clock.now();
  const parsed = parseBreakdown(parseQueryScope(services, caller, app, query), query, nowMs);
  const ranking = { dimension: toDimension(by), limit };
  const rank = (of: AnalyticsQuery) =>
    metric === 'revenue'
      ? sumTopRevenue(services, of, ranking, signal)
      : countTop(services, of, metric, ranking, signal);
  const before = { ...parsed, range: previousRange(parsed.range) };
  const [{ data, other }, previous] = await Promise.all([rank(parsed), query.compare && rank(before)]);
  return {
    data,
    other,
    ...(previous && { previous }),
    meta: {
      ...describeQuery(parsed, definitionsOf(metric), nowMs),
      start: formatDay(parsed.range.first),
      end: formatDay(parsed.range.last),
      by,
      metric,
      limit,
    },
  };
}

function parseBreakdown(scope: QueryScope, query: Query, nowMs: number): AnalyticsQuery {
  const days = parseDayRange(query, dayAt(scope.timezone, nowMs));
  if ('errors' in days) throw validationFailed(days.errors);
  return { ...scope, range: days.range };
}

/** The schema accepts only names of columns and properties. */
function toDimension(by: string): Dimension {
  const column = FILTERS.find((name) => name === by);
  return column ? { column } : { property: by.slice(PROPERTY.length) };
}

const definitionsOf = (metric: keyof typeof BREAKDOWN_DEFINITIONS) => ({
  [metric]: BREAKDOWN_DEFINITIONS[metric],
  share: BREAKDOWN_DEFINITIONS.share,
  other: BREAKDOWN_DEFINITIONS.other,
});
