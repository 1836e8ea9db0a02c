import { type Static, Type } from 'typebox';
import { defineRoute, type Route } from '../../api/route.ts';
import type { IngestServices } from '../../events/ingest/ingest.ts';
import { closedObject, component, documentedAs } from '../../lib/schema.ts';
import { parseTimestamp } from '../../lib/timestamp.ts';
import { toFields, toSentAt } from '../mapping/event-parts.ts';
import { lenientObject, lenientText } from '../mapping/lenient-schema.ts';
import { SDK_ROUTE } from '../mapping/sdk-route.ts';
import { COUNTS, countSent, type Sender, storeMapped } from '../mapping/store-mapped.ts';
import { captureV1Route } from './capture-v1.ts';
import { configRoutes } from './config-routes.ts';
import { POSTHOG } from './dialect.ts';
import { flagsRoute } from './flags-route.ts';
import { hidesCountry, mapEvent, withTime } from './map-event.ts';

const EVENT = component(
  'PostHogEvent',
  Type.Object({
    event: lenientText('The name of the event.'),
    distinct_id: lenientText('Becomes `app_user_id`.'),
    uuid: lenientText('Becomes `event_id`.'),
    timestamp: lenientText('When it happened.'),
    properties: lenientObject('What the app and the SDK send with it.'),
    api_key: lenientText('The client key, if the event is sent alone.'),
    token: lenientText('The same.'),
  }),
  { description: 'An event of PostHog. Other members are ignored.' },
);

/** The batches of PostHog's SDKs. An element of the wrong type must not cost the others. */
export const POSTHOG_BATCH = component(
  'PostHogBatch',
  Type.Object({
    api_key: lenientText('The client key.'),
    batch: Type.Array(documentedAs(Type.Unknown(), EVENT), { description: 'At most 2,000 events.' }),
    sent_at: lenientText('When the device sent it.'),
  }),
  { description: 'Events that were sent together. Other members are ignored.' },
);

/** What PostHog's SDKs are answered. */
export const POSTHOG_RESULT = component(
  'PostHogResult',
  closedObject({ status: Type.Literal(1, { description: 'Always.' }), ...COUNTS }),
  { description: 'What was stored. SDKs look at the status only.' },
);

const EXAMPLE = {
  event: 'Order Completed',
  distinct_id: 'user_123',
  uuid: '01900000-0000-7000-8000-000000000001',
};

/** Stores a batch and returns the answer. Throws what `ingest` throws. */
export async function storePostHogBatch(
  services: IngestServices,
  sender: Sender,
  { batch, sent_at }: Static<typeof POSTHOG_BATCH>,
): Promise<Static<typeof POSTHOG_RESULT>> {
  const sent = { sentAt: toSentAt(sent_at), items: batch, map: mapEvent, hidesCountry };
  const { counts } = await storeMapped(services, sender, sent);
  return { status: 1, ...counts };
}

const EVENTS = Type.Union([EVENT, Type.Array(documentedAs(Type.Unknown(), EVENT)), POSTHOG_BATCH], {
  description: 'One event, a list of events, or a batch.',
});

function listEvents(body: Static<typeof EVENTS>): unknown[] {
  if (Array.isArray(body)) return body;
  return 'batch' in body && Array.isArray(body.batch) ? body.batch : [body];
}

/** A beacon is answered without a body. */
const RESULT_UNLESS_BEACON = Type.Unsafe<Static<typeof POSTHOG_RESULT> | undefined>(POSTHOG_RESULT);

const eventRoute = defineRoute({
  ...SDK_ROUTE,
  dialect: POSTHOG,
  path: '/e',
  aliases: ['/e/', '/capture', '/capture/', '/i/v0/e', '/i/v0/e/'].map((path) => ({ method: 'POST', path })),
  operationId: 'sendPostHogEvents',
  summary: 'Send PostHog events from the web',
  description:
    'Takes one event, a list or a batch, as JSON, compressed with gzip, or in the field `data` of a form, plain or in base64. Also at `/capture/` and `/i/v0/e/`.',
  query: Type.Object({
    beacon: Type.Optional(Type.String({ description: '`1` for an answer without a body.' })),
    _: Type.Optional(Type.String({ description: 'When the device sent it, in milliseconds since 1970.' })),
  }),
  body: EVENTS,
  eventCount: (body) => countSent(listEvents(body)),
  answer: { status: 200, schema: RESULT_UNLESS_BEACON, mayBeEmpty: true },
  example: { body: { ...EXAMPLE, api_key: 'ck_af1_…' } },
  async handle(services: IngestServices, { caller, app, country, sent, query, body }) {
    const sentAt = toSentAt(toFields(body).sent_at) ?? toSentAt(Number(query._ ?? Number.NaN));
    const base = parseTimestamp(sentAt) ?? services.clock.now();
    const map = (event: unknown) => mapEvent(withTime(toFields(event), base));
    const batch = { sentAt, items: listEvents(body), map, hidesCountry };
    const { counts } = await storeMapped(services, { caller, app, country, sent }, batch);
    return query.beacon === '1' ? undefined : { status: 1 as const, ...counts };
  },
});

/** What PostHog's SDKs call besides `batchRoute`. */
export const posthogRoutes = [
  eventRoute,
  captureV1Route,
  ...configRoutes,
  flagsRoute,
] satisfies Route<never>[];
