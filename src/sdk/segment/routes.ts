import { Type } from 'typebox';
import { type Alias, defineRoute, type Route } from '../../api/route.ts';
import type { IngestServices } from '../../events/ingest/ingest.ts';
import { closedObject, component, documentedAs } from '../../lib/schema.ts';
import { toSentAt } from '../mapping/event-parts.ts';
import { lenientObject, lenientText } from '../mapping/lenient-schema.ts';
import { SDK_EVENT_ROUTE, SDK_ROUTE } from '../mapping/sdk-route.ts';
import { COUNTS, countSent, type Sender, storeMapped } from '../mapping/store-mapped.ts';
import { SEGMENT } from './dialect.ts';
import { type MessageType, mapMessage } from './map-message.ts';
import { settingsRoute } from './settings-route.ts';

/** A message of Segment's protocol, which others share. */
export const SEGMENT_MESSAGE = component(
  'SegmentMessage',
  Type.Object({
    type: lenientText('`track`, `identify`, `page`, `screen`, `group` or `alias`.'),
    messageId: lenientText('Becomes `event_id`.'),
    userId: lenientText('Becomes `app_user_id`.'),
    anonymousId: lenientText('Becomes `app_user_id` without a `userId`.'),
    event: lenientText('The name of what `track` sends.'),
    properties: lenientObject('What the app sends with it.'),
    traits: lenientObject('The user properties of `identify`.'),
    context: lenientObject('The device, the app and the SDK.'),
    timestamp: lenientText('When it happened.'),
    sentAt: lenientText('When the device sent it.'),
    writeKey: lenientText('The client key, unless it is the user of `Basic`.'),
  }),
  { description: "A message of Segment's protocol. Other members are ignored." },
);

const BATCH = component(
  'SegmentBatch',
  Type.Object({
    batch: Type.Array(documentedAs(Type.Unknown(), SEGMENT_MESSAGE), {
      description: 'At most 2,000 messages.',
    }),
    sentAt: lenientText('When the device sent it.'),
    writeKey: lenientText('The client key, unless it is the user of `Basic`.'),
  }),
  { description: 'Messages that were sent together.' },
);

/** What SDKs of Segment's protocol are answered. */
export const SEGMENT_RESULT = component(
  'SegmentResult',
  closedObject({ success: Type.Literal(true, { description: 'Always.' }), ...COUNTS }),
  { description: 'What was stored. SDKs look at the status only.' },
);

const COMMON = { dialect: SEGMENT, answer: { status: 200, schema: SEGMENT_RESULT } } as const;

const EXAMPLE = { type: 'track', event: 'Order Completed', userId: 'user_123', messageId: 'm-1' };

const put = (...paths: string[]): Alias[] => paths.map((path) => ({ method: 'PUT', path }));
const post = (...paths: string[]): Alias[] => paths.map((path) => ({ method: 'POST', path }));

const batchRoute = defineRoute({
  ...SDK_ROUTE,
  ...COMMON,
  path: '/v1/batch',
  aliases: [...post('/v1/b', '/v1/batch/b'), ...put('/v1/batch', '/v1/b', '/v1/batch/b')],
  operationId: 'sendSegmentBatch',
  summary: 'Send a Segment or RudderStack batch',
  description:
    'Takes batches from the SDKs of Segment, RudderStack and Customer.io, with a client key as the user of `Basic` or as `writeKey`. Also at `/v1/b`.',
  body: BATCH,
  eventCount: ({ batch }) => countSent(batch),
  example: { body: { batch: [EXAMPLE], sentAt: '2026-11-22T10:00:05Z' } },
  async handle(services: IngestServices, { caller, app, country, sent, body }) {
    return storeMessages(services, { caller, app, country, sent }, { ...body, items: body.batch });
  },
});

/** Returns the route for one message of a type, whose path may be its first letter only. */
function messageRoute<const Name extends string>(type: MessageType, operationId: Name) {
  const [letter] = type;
  return defineRoute({
    ...SDK_EVENT_ROUTE,
    ...COMMON,
    path: `/v1/${type}`,
    aliases: [...post(`/v1/${letter}`), ...put(`/v1/${type}`, `/v1/${letter}`)],
    operationId,
    summary: `Send a Segment ${type} message`,
    description: `Takes one message of Segment's protocol. Also at \`/v1/${letter}\`.`,
    body: SEGMENT_MESSAGE,
    example: { body: { ...EXAMPLE, type } },
    handle: (services: IngestServices, { caller, app, country, sent, body }) =>
      storeMessages(services, { caller, app, country, sent }, { sentAt: body.sentAt, items: [body], type }),
  });
}

type Messages = { sentAt?: unknown; items: unknown[]; type?: MessageType };

async function storeMessages(services: IngestServices, sender: Sender, { sentAt, items, type }: Messages) {
  const map = (message: unknown) => mapMessage(message, type);
  const { counts } = await storeMapped(services, sender, { sentAt: toSentAt(sentAt), items, map });
  return { success: true as const, ...counts };
}

/** What Segment's SDKs call. RudderStack's call the batch route, too. */
export const segmentRoutes = [
  batchRoute,
  messageRoute('track', 'sendSegmentTrack'),
  messageRoute('identify', 'sendSegmentIdentify'),
  messageRoute('page', 'sendSegmentPage'),
  messageRoute('screen', 'sendSegmentScreen'),
  messageRoute('group', 'sendSegmentGroup'),
  messageRoute('alias', 'sendSegmentAlias'),
  settingsRoute,
] satisfies Route<never>[];
