import { defineRoute, type Route } from '../../api/route.ts';
import type { AnalyticsServices } from '../query.ts';
import { answerRetention, RETENTION_ANSWER, RETENTION_QUERY } from './retention.ts';

const retentionRoute = defineRoute({
  method: 'GET',
  path: '/v1/analytics/retention',
  operationId: 'getRetention',
  summary: 'Get retention by cohort',
  description:
    'Groups people by the period of their first event ever (their cohort), and returns how many of each cohort were active in the periods after it. `event_name` and the other filters apply to the events of people who return, not to the cohort.',
  access: 'analytics:read',
  limit: 'analytics',
  cors: 'key_origins',
  app: { from: 'query', required: true, acceptsAll: true },
  query: RETENTION_QUERY,
  answer: { status: 200, schema: RETENTION_ANSWER },
  example: { query: { interval: 'week', periods: 8, days: 90 } },
  handle: (services: AnalyticsServices, { caller, app, query, signal }) =>
    answerRetention(services, caller, app, query, signal),
});

/** The routes of retention. */
export const retentionRoutes = [retentionRoute] satisfies Route<AnalyticsServices>[];
