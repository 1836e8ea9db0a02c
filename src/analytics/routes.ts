import { defineRoute, type Route } from '../api/route.ts';
import { answerBreakdown, BREAKDOWN_ANSWER, BREAKDOWN_QUERY } from './breakdown.ts';
import { answerDaily, DAILY_ANSWER, DAILY_QUERY } from './daily.ts';
import { answerLive, LIVE_ANSWER, LIVE_QUERY } from './live.ts';
import type { AnalyticsServices } from './query.ts';
import { answerUsers, UNIQUE_USERS_ANSWER, UNIQUE_USERS_QUERY } from './unique-users.ts';

const dailyRoute = defineRoute({
  method: 'GET',
  path: '/v1/analytics/daily',
  operationId: 'getDailyMetrics',
  summary: 'Get daily metrics',
  description:
    'Returns active users, new users, sessions, events and revenue per calendar day, in the time zone of the app or another one. Select the days with `days`, or with `start` and `end`. `meta.definitions` describes how each metric is counted.',
  access: 'analytics:read',
  limit: 'analytics',
  cors: 'key_origins',
  app: { from: 'query', required: true, acceptsAll: true },
  query: DAILY_QUERY,
  answer: { status: 200, schema: DAILY_ANSWER },
  example: { query: { days: 7 } },
  handle: (services: AnalyticsServices, { caller, app, query, signal }) =>
    answerDaily(services, caller, app, query, signal),
});

const usersRoute = defineRoute({
  method: 'GET',
  path: '/v1/analytics/users',
  operationId: 'getUniqueUsers',
  summary: 'Count unique users of a range',
  description:
    'Returns how many people were active and how many of them were new: over the whole range, or per calendar day, week or month. Each person counts once per period, so periods do not add up.',
  access: 'analytics:read',
  limit: 'analytics',
  cors: 'key_origins',
  app: { from: 'query', required: true, acceptsAll: true },
  query: UNIQUE_USERS_QUERY,
  answer: { status: 200, schema: UNIQUE_USERS_ANSWER },
  example: { query: { interval: 'week', days: 90 } },
  handle: (services: AnalyticsServices, { caller, app, query, signal }) =>
    answerUsers(services, caller, app, query, signal),
});

const liveRoute = defineRoute({
  method: 'GET',
  path: '/v1/analytics/live',
  operationId: 'getLiveMetrics',
  summary: 'Get real-time metrics',
  description:
    'Returns active users of the last 5 and 30 minutes, events per minute, the most frequent events, and the daily active users and revenue of today so far.',
  access: 'analytics:read',
  limit: 'analytics',
  cors: 'key_origins',
  app: { from: 'query', required: true, acceptsAll: true },
  query: LIVE_QUERY,
  answer: { status: 200, schema: LIVE_ANSWER },
  handle: (services: AnalyticsServices, { caller, app, query, signal }) =>
    answerLive(services, caller, app, query, signal),
});

const breakdownRoute = defineRoute({
  method: 'GET',
  path: '/v1/analytics/breakdown',
  operationId: 'getBreakdown',
  summary: 'Break down a metric by a dimension',
  description:
    'Returns events, users or revenue per event name, platform, country, app version, property or user property: the highest values, and all others together under `other`. A breakdown by property also requires the scope `events:read`, one by user property `users:read`.',
  access: 'analytics:read',
  limit: 'analytics',
  cors: 'key_origins',
  app: { from: 'query', required: true, acceptsAll: true },
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
export const analyticsRoutes = [
  dailyRoute,
  usersRoute,
  liveRoute,
  breakdownRoute,
] satisfies Route<AnalyticsServices>[];
