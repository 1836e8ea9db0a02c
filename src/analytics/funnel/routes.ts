import { defineRoute, type Route } from '../../api/route.ts';
import type { AnalyticsServices } from '../query.ts';
import { answerFunnel, FUNNEL_ANSWER, FUNNEL_BODY } from './funnel.ts';

const funnelRoute = defineRoute({
  method: 'POST',
  path: '/v1/analytics/funnel',
  operationId: 'getFunnel',
  summary: 'Get a funnel',
  description:
    'Returns how many people did each of 2 to 10 steps, and how long they took. Steps are events by name, with conditions for their properties, which require `events:read`. The whole query is in the body; it changes nothing.',
  access: 'analytics:read',
  limit: 'analytics',
  cors: 'key_origins',
  app: { from: 'body', required: true, acceptsAll: true },
  body: FUNNEL_BODY,
  answer: { status: 200, schema: FUNNEL_ANSWER },
  example: {
    body: {
      days: 30,
      steps: [
        { event_name: 'onboarding_complete' },
        { event_name: 'trial_started' },
        { event_name: 'purchase_complete' },
      ],
      window_seconds: 1_209_600,
      order: 'sequential',
    },
  },
  handle: (services: AnalyticsServices, { caller, app, body, signal }) =>
    answerFunnel(services, caller, app, body, signal),
});

/** The routes of funnels. */
export const funnelRoutes = [funnelRoute] satisfies Route<AnalyticsServices>[];
