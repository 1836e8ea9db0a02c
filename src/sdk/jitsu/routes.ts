import { Type } from 'typebox';
import type { Dialect } from '../../api/dialect.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import type { IngestServices } from '../../events/ingest/ingest.ts';
import { closedObject } from '../../lib/schema.ts';
import { toSentAt } from '../mapping/event-parts.ts';
import { SDK_EVENT_ROUTE } from '../mapping/sdk-route.ts';
import { storeMapped } from '../mapping/store-mapped.ts';
import { SEGMENT } from '../segment/dialect.ts';
import { MESSAGE_TYPES } from '../segment/map-message.ts';
import { SEGMENT_MESSAGE, SEGMENT_RESULT } from '../segment/routes.ts';
import { createMessageMapper } from './map-message.ts';

/** Segment's protocol, with the key in a header, after the ID of the key in Jitsu if it has one. Its SDK sends each message once. */
const JITSU: Dialect = {
  id: 'jitsu',
  name: 'Jitsu',
  keyHeaders: [{ name: 'x-write-key', after: ':' }],
  states: SEGMENT.states,
};

const messageRoute = defineRoute({
  ...SDK_EVENT_ROUTE,
  path: '/api/s/{type}',
  aliases: [{ method: 'POST', path: '/api/s/s2s/{type}' }],
  operationId: 'sendJitsuMessage',
  summary: 'Send a Jitsu message',
  description:
    "Takes one message from Jitsu's SDKs, which is in Segment's protocol, with a client key in `X-Write-Key`. Also at `/api/s/s2s/{type}`.",
  dialect: JITSU,
  params: closedObject({
    type: Type.Enum(MESSAGE_TYPES, { description: 'The type of the message, if the message has none.' }),
  }),
  body: SEGMENT_MESSAGE,
  answer: { status: 200, schema: SEGMENT_RESULT },
  example: {
    params: { type: 'track' },
    body: { type: 'track', event: 'Order Completed', userId: 'user_123', messageId: 'm-1' },
  },
  async handle(services: IngestServices, { caller, app, country, sent, params, body }) {
    const batch = { sentAt: toSentAt(body.sentAt), items: [body], ...createMessageMapper(params.type) };
    const { counts } = await storeMapped(services, { caller, app, country, sent }, batch);
    return { success: true as const, ...counts };
  },
});

/** What Jitsu's SDKs call. */
export const jitsuRoutes = [messageRoute] satisfies Route<never>[];
