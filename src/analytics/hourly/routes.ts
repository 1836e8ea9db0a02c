import { defineRoute, type Route } from '../../api/route.ts';
import type { AnalyticsServices } from '../query.ts';
import { answerHourly, HOURLY_ANSWER, HOURLY_QUERY } from './hourly.ts';

const hourlyRoute = defineRoute({
  method: 'GET',
  path: '/v1/analytics/hourly',
  operationId: 'getHourlyMetrics',
  summary: 'Get hourly metrics',
  description:
    'Returns active users, new users, sessions, events and revenue per clock hour of the time zone, for at most 31 days (default: today). Each hour is named by the time it starts, in UTC, so that the two of an hour that the clock repeats differ.',
  access: 'analytics:read',
  limit: 'analytics',
  cors: 'key_origins',
  app: { from: 'query', required: true, acceptsAll: true },
  query: HOURLY_QUERY,
  answer: { status: 200, schema: HOURLY_ANSWER },
  example: { query: { days: 1 } },
  handle: (services: AnalyticsServices, { caller, app, query, signal }) =>
    answerHourly(services, caller, app, query, signal),
});

/** The routes of hourly metrics. */
export const hourlyRoutes = [hourlyRoute] satisfies Route<AnalyticsServices>[];
