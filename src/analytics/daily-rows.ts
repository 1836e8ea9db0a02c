import { type Static, type TSchema, Type } from 'typebox';
import { type Day, formatDay, listDays } from '../lib/calendar.ts';
import { closedObject, component } from '../lib/schema.ts';
import { countActivity, isActivityMetric } from './count-activity.ts';
import { countNewUsers } from './count-new-users.ts';
import type { Metric } from './metrics.ts';
import type { AnalyticsQuery, QueryServices } from './query.ts';
import { sumRevenue, toRevenue } from './sum-revenue.ts';

const count = (description: string) => Type.Optional(Type.Integer({ minimum: 0, description }));

/** The metrics of a day or an hour but the active users, whose name differs. */
export const METRIC_FIELDS = {
  new_users: count('Users with their first event in this time.'),
  sessions: count('Sessions with at least one event in this time.'),
  events: count('Events in this time.'),
  revenue: Type.Optional(Type.String({ description: 'Exact decimal, in the currency of the app.' })),
  revenue_by_currency: Type.Optional(
    Type.Record(Type.String(), Type.String(), { description: 'Exact decimals, by ISO 4217 code.' }),
  ),
} satisfies Record<string, TSchema>;

/** A row of daily. */
export const DAY_JSON = component(
  'DailyMetrics',
  closedObject({
    date: Type.String({ format: 'date', description: 'The calendar day.' }),
    dau: count('Daily active users.'),
    ...METRIC_FIELDS,
  }),
  { description: 'The metrics of a day. Those that were not requested are missing.' },
);

type Row = Static<typeof DAY_JSON>;

/** Returns a row for each day of the query's range, oldest first. Runs what the metrics need in parallel. Throws StorageError. */
export async function readDays(
  services: QueryServices,
  query: AnalyticsQuery,
  metrics: readonly Metric[],
  signal: AbortSignal,
): Promise<Row[]> {
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
  return listDays(query.range).map((day) =>
    Object.assign({ date: formatDay(day) }, ...metrics.map((metric) => cells[metric](day))),
  );
}
