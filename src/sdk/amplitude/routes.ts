import { type Static, Type } from 'typebox';
import { ApiError } from '../../api/errors.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import type { IngestServices } from '../../events/ingest/ingest.ts';
import { closedObject, component, documentedAs } from '../../lib/schema.ts';
import { toFields, toSentAt, toText } from '../mapping/event-parts.ts';
import { lenientObject, lenientText } from '../mapping/lenient-schema.ts';
import { SDK_ROUTE } from '../mapping/sdk-route.ts';
import { countSent, type Sender, type StoredBatch, storeMapped } from '../mapping/store-mapped.ts';
import { AMPLITUDE, INVALID_FIELDS } from './dialect.ts';
import { createEventMapper } from './map-event.ts';

const EVENT = component(
  'AmplitudeEvent',
  Type.Object({
    event_type: lenientText('The name of the event.'),
    user_id: lenientText('Becomes `app_user_id`.'),
    device_id: lenientText('Becomes `app_user_id` without a `user_id`.'),
    insert_id: lenientText('Becomes `event_id`.'),
    time: Type.Optional(
      documentedAs(
        Type.Unknown(),
        Type.Number({ description: 'When it happened, in milliseconds since 1970.' }),
      ),
    ),
    event_properties: lenientObject('What the app sends with it.'),
    user_properties: lenientObject('The user properties that it changes.'),
  }),
  { description: 'An event of Amplitude. Other members are ignored.' },
);

/** The batches of Amplitude's SDKs. */
export const AMPLITUDE_BATCH = component(
  'AmplitudeBatch',
  Type.Object({
    api_key: lenientText('The client key.'),
    events: Type.Array(documentedAs(Type.Unknown(), EVENT), {
      description: 'At most 2,000 events: SDKs split a larger batch after a 413.',
    }),
    client_upload_time: lenientText('When the device sent it.'),
  }),
  { description: 'Events that were sent together. Other members are ignored.' },
);

/** What Amplitude's SDKs are answered. */
export const AMPLITUDE_RESULT = component(
  'AmplitudeResult',
  closedObject({
    code: Type.Literal(200, { description: 'The status again.' }),
    events_ingested: Type.Integer({ description: 'Events in the batch.' }),
    payload_size_bytes: Type.Integer({ description: 'Always 0.' }),
    server_upload_time: Type.Integer({ description: 'Now, in milliseconds since 1970.' }),
  }),
  { description: 'The events are stored durably.' },
);

const batchRoute = defineRoute({
  ...SDK_ROUTE,
  path: '/2/httpapi',
  operationId: 'sendAmplitudeBatch',
  summary: 'Send an Amplitude batch',
  description:
    "Takes batches from Amplitude's SDKs, with a client key as `api_key`. If events are rejected, the others are stored and the answer is 400 with the positions of those that were.",
  dialect: AMPLITUDE,
  body: AMPLITUDE_BATCH,
  eventCount: ({ events }) => countSent(events),
  answer: { status: 200, schema: AMPLITUDE_RESULT },
  example: {
    body: {
      api_key: 'ck_af1_…',
      events: [{ event_type: 'Order Completed', user_id: 'user_123', insert_id: 'e-1', time: 1795866119013 }],
      client_upload_time: '2026-11-28T11:41:59.315Z',
    },
  },
  handle: (services: IngestServices, { caller, app, country, sent, body }) =>
    storeAmplitudeBatch(services, { caller, app, country, sent }, body),
});

/** Stores a batch and returns the answer. Throws 422 with the positions of events that are not valid, and what `ingest` throws. */
export async function storeAmplitudeBatch(
  services: IngestServices,
  sender: Sender,
  { events, client_upload_time }: Static<typeof AMPLITUDE_BATCH>,
): Promise<Static<typeof AMPLITUDE_RESULT>> {
  const { length } = events;
  const haveIds = events.every(hasId);
  const sent = { sentAt: toSentAt(client_upload_time), items: events, ...createEventMapper() };
  const { rejectedSources } = await storeMapped(services, sender, sent);
  if (rejectedSources.length > 0 && haveIds) throw rejection(rejectedSources);
  return {
    code: 200,
    events_ingested: length,
    payload_size_bytes: 0,
    server_upload_time: services.clock.now(),
  };
}

/** The SDK sends the events that are not listed again: without an ID, they would be stored twice. */
const hasId = (event: unknown) => toText(toFields(event).insert_id) !== undefined;

function rejection(rejected: StoredBatch['rejectedSources']): ApiError {
  // An event can become several of ours, which are rejected for the same field.
  const byField = Map.groupBy(rejected, ({ field }) => field);
  const positions = [...byField].map(([field, all]) => [field, [...new Set(all.map(({ index }) => index))]]);
  return new ApiError('validation_failed', {
    detail: 'Some events are not valid. The others are stored.',
    members: { [INVALID_FIELDS]: Object.fromEntries(positions) },
    isPartial: true,
  });
}

/** What Amplitude's SDKs call. */
export const amplitudeRoutes = [batchRoute] satisfies Route<never>[];
