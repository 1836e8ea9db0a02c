import { Type } from 'typebox';
import type { Dialect } from '../../api/dialect.ts';
import { defineRoute } from '../../api/route.ts';
import type { IngestServices } from '../../events/ingest/ingest.ts';
import { closedObject, component, documentedAs } from '../../lib/schema.ts';
import { extend, type Fields, readText, toFields, toSentAt } from '../mapping/event-parts.ts';
import { lenientObject, lenientText } from '../mapping/lenient-schema.ts';
import { SDK_ROUTE } from '../mapping/sdk-route.ts';
import { countSent, type ItemOutcome, type Sender, storeMapped } from '../mapping/store-mapped.ts';
import { POSTHOG } from './dialect.ts';
import { boundProperties, hidesCountry, mapEvent } from './map-event.ts';

/** Newer SDKs of PostHog say in headers what older ones have in the body. Their 429 is final, so it is never sent, either. */
const CAPTURE_V1: Dialect = {
  ...POSTHOG,
  headers: { echoed: 'posthog-request-id', sentAt: 'posthog-request-timestamp', sdk: 'posthog-sdk-info' },
};

const EVENT = component(
  'PostHogCaptureEvent',
  Type.Object({
    event: lenientText('The name of the event.'),
    uuid: lenientText('Becomes `event_id`.'),
    distinct_id: lenientText('Becomes `app_user_id`.'),
    timestamp: lenientText('When it happened.'),
    session_id: lenientText('The session.'),
    options: lenientObject('Ignored.'),
    properties: lenientObject('What the app and the SDK send with it.'),
  }),
  { description: 'An event in a batch of capture v1. Other members are ignored.' },
);

const BATCH = component(
  'PostHogCaptureBatch',
  Type.Object({
    batch: Type.Array(documentedAs(Type.Unknown(), EVENT), { description: 'At most 2,000 events.' }),
    created_at: lenientText('Ignored.'),
  }),
  { description: 'Events that were sent together. Other members are ignored.' },
);

const RESULT = closedObject({
  result: Type.Enum(['ok', 'warning', 'drop'], {
    description: '`warning`: a part of it was not stored. `drop`: it is not valid.',
  }),
  details: Type.Optional(Type.String({ description: 'What was not stored, and why.' })),
});

const RESULTS = component(
  'PostHogCaptureResults',
  closedObject({
    results: Type.Record(Type.String(), RESULT, { description: 'By the `uuid` of the event.' }),
  }),
  {
    description:
      'The result for each event. None needs a retry: when a retry makes sense, the whole batch gets 503.',
  },
);

type Result = { result: 'ok' | 'warning' | 'drop'; details?: string };

/** The batches of newer SDKs of PostHog. */
export const captureV1Route = defineRoute({
  ...SDK_ROUTE,
  path: '/i/v1/analytics/events',
  aliases: [{ method: 'POST', path: '/i/v1/analytics/events/' }],
  operationId: 'capturePostHogEvents',
  summary: 'Send a PostHog batch (capture v1)',
  description:
    'Takes batches of capture v1, with a client key in `Authorization: Bearer`, and returns a result for each event. `PostHog-Request-Id` is sent back; `PostHog-Request-Timestamp` corrects the clock of the device. Over a limit, the answer is 503 instead of 429, because these SDKs delete their events after a 429.',
  dialect: CAPTURE_V1,
  body: BATCH,
  eventCount: ({ batch }) => countSent(batch),
  answer: { status: 200, schema: RESULTS },
  example: {
    body: {
      created_at: '2026-11-22T10:00:05Z',
      batch: [
        {
          event: 'Order Completed',
          uuid: '01900000-0000-7000-8000-000000000001',
          distinct_id: 'user_123',
          timestamp: '2026-11-22T10:00:00Z',
          options: {},
          properties: {},
        },
      ],
    },
  },
  handle: (services: IngestServices, { caller, app, country, sent, body }) =>
    captureBatch(services, { caller, app, country, sent }, body.batch),
});

/** Stores a batch and returns the results by `uuid`. Throws what `ingest` throws. */
async function captureBatch(
  services: IngestServices,
  sender: Sender,
  batch: unknown[],
): Promise<{ results: Record<string, Result> }> {
  const { sent } = sender;
  const ids = batch.map((event) => readText(toFields(event), 'uuid'));
  const map = (event: unknown) => mapEvent(toEventOfBatch(toFields(event), sent?.sdk));
  const { outcomes } = await storeMapped(services, sender, {
    sentAt: toSentAt(sent?.sentAt),
    items: batch,
    map,
    hidesCountry,
  });
  const results = outcomes.flatMap((outcome, index) => {
    const id = ids[index];
    return id === undefined ? [] : [[id, toResult(outcome)] as const];
  });
  return { results: Object.fromEntries(results) };
}

/** Returns an event as older SDKs send it: the session and the SDK are in its properties. */
function toEventOfBatch(event: Fields, sdk: string | undefined): Fields {
  const properties = toFields(event.properties);
  const $session_id = properties.$session_id ?? event.session_id;
  const $lib = properties.$lib ?? sdk;
  const added = {
    ...($session_id === undefined ? {} : { $session_id }),
    ...($lib === undefined ? {} : { $lib }),
  };
  return extend(event, { properties: extend(boundProperties(properties), added) });
}

function toResult({ events, rejected, message }: ItemOutcome): Result {
  if (events === 0) return { result: 'warning', details: 'Appflow has nothing to store for this event.' };
  if (rejected === 0) return { result: 'ok' };
  const result = rejected < events ? 'warning' : 'drop';
  return message === undefined ? { result } : { result, details: message };
}
