import { type Static, Type } from 'typebox';
import type { Dialect } from '../api/dialect.ts';
import { defineRoute } from '../api/route.ts';
import type { IngestServices } from '../events/ingest/ingest.ts';
import { AMPLITUDE } from './amplitude/dialect.ts';
import { AMPLITUDE_BATCH, AMPLITUDE_RESULT, storeAmplitudeBatch } from './amplitude/routes.ts';
import { toFields } from './mapping/event-parts.ts';
import { SDK_ROUTE } from './mapping/sdk-route.ts';
import { countSent } from './mapping/store-mapped.ts';
import { POSTHOG } from './posthog/dialect.ts';
import { POSTHOG_BATCH, POSTHOG_RESULT, storePostHogBatch } from './posthog/routes.ts';

/** Batches of PostHog have a `batch`, those of Amplitude have `events`. */
const isAmplitude = (body: unknown): body is Static<typeof AMPLITUDE_BATCH> =>
  !Array.isArray(toFields(body).batch) && Array.isArray(toFields(body).events);

/** PostHog's protocol, or Amplitude's if the body is in it. PostHog's SDKs do not read the body of an error. */
const EITHER: Dialect = {
  ...POSTHOG,
  name: 'PostHog and Amplitude',
  variants: [{ dialect: AMPLITUDE, hasBody: isAmplitude }],
  ...(AMPLITUDE.error ? { error: AMPLITUDE.error } : {}),
};

/** The path that both PostHog's and Amplitude's SDKs send batches to. */
export const batchRoute = defineRoute({
  ...SDK_ROUTE,
  path: '/batch',
  // The last one is of events about AI models.
  aliases: ['/batch/', '/i/v0/ai/batch/'].map((path) => ({ method: 'POST', path })),
  operationId: 'sendPostHogBatch',
  summary: 'Send a PostHog or Amplitude batch',
  description:
    "Takes batches from PostHog's SDKs, and from Amplitude's, which have `events` instead of `batch`, with a client key as `api_key`. Over a limit, PostHog's SDKs get 503 instead of 429, because some of them delete their events after a 429.",
  dialect: EITHER,
  body: Type.Union([POSTHOG_BATCH, AMPLITUDE_BATCH], { description: 'A batch of PostHog or Amplitude.' }),
  eventCount: (body) => countSent(isAmplitude(body) ? body.events : body.batch),
  answer: { status: 200, schema: Type.Union([POSTHOG_RESULT, AMPLITUDE_RESULT]) },
  example: {
    body: {
      api_key: 'ck_af1_…',
      batch: [
        {
          event: 'Order Completed',
          distinct_id: 'user_123',
          uuid: '01900000-0000-7000-8000-000000000001',
        },
      ],
      sent_at: '2026-11-22T10:00:05Z',
    },
  },
  async handle(services: IngestServices, { caller, app, country, sent, body }) {
    const sender = { caller, app, country, sent };
    return isAmplitude(body)
      ? storeAmplitudeBatch(services, sender, body)
      : storePostHogBatch(services, sender, body);
  },
});
