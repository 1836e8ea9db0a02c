import { defineRoute, type Route } from '../api/route.ts';
import { answerBreakdown, BREAKDOWN_ANSWER, BREAKDOWN_QUERY } from './breakdown.ts';
import { answerDaily, DAILY_ANSWER, DAILY_QUERY } from './daily.ts';
import { answerLive, LIVE_ANSWER, LIVE_QUERY } from './live.ts';
import type { AnalyticsServices } from './query.ts';

const dailyRoute = defineRoute({
  method: 'GET',
  path: '/v1/analytics/daily',
  summary: 'Count users, sessions, events and revenue of each day',
  access: 'analytics:read',
  limit: 'analytics',
  cors: 'key_origins',
  app: { from: 'query', required: true },
  query: DAILY_QUERY,
  answer: { status: 200, schema: DAILY_ANSWER },
  example: { query: { days: 7 } },
  handle: (services: AnalyticsServices, { caller, app, query, signal }) =>
    answerDaily(services, caller, app, query, signal),
});

const liveRoute = defineRoute({
  method: 'GET',
  path: '/v1/analytics/live',
  summary: 'Tell what happens now',
  access: 'analytics:read',
  limit: 'analytics',
  cors: 'key_origins',
  app: { from: 'query', required: true },
  query: LIVE_QUERY,
  answer: { status: 200, schema: LIVE_ANSWER },
  handle: (services: AnalyticsServices, { caller, app, query, signal }) =>
    answerLive(services, caller, app, query, signal),
});

const breakdownRoute = defineRoute({
  method: 'GET',
  path: '/v1/analytics/breakdown',
  summary:
    'Measure events, users or revenue by what events carry: the highest values, and all others together',
  access: 'analytics:read',
  limit: 'analytics',
  cors: 'key_origins',
  app: { from: 'query', required: true },
  query: BREAKDOWN_QUERY,
  answer: { status: 200, schema: BREAKDOWN_ANSWER },
  example: { query: { by: 'country', metric: 'users', days: 7 } },
  handle: (services: AnalyticsServices, { caller, app, query, signal }) =>
    answerBreakdown(services, caller, app, query, signal),
});

/**
 * The analytics routes. A new one also gets an operation in `client/src/admin/`, which `test/client/contract.test.ts` asks
 * for, and its types in `client/src/api/analytics.ts`.
 */
export const analyticsRoutes = [dailyRoute, liveRoute, breakdownRoute] satisfies Route<AnalyticsServices>[];
