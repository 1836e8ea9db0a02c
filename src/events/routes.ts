import { defineRoute, type Route } from '../api/route.ts';
import { EVENT_STREAM, EXPORT_TYPES } from '../api/streamed.ts';
import { EVENT_JSON } from './event-json.ts';
import { exportEvents } from './export.ts';
import {
  BATCH_ANSWER,
  BATCH_BODY,
  BATCH_BYTES_MAX,
  countEvents,
  type IngestServices,
  ingest,
  needsApp,
} from './ingest/ingest.ts';
import { type EventServices, SEARCH_ANSWER, SEARCH_QUERY, searchEvents } from './search.ts';
import { STREAM_QUERY, streamEvents } from './stream.ts';

const ingestRoute = defineRoute({
  method: 'POST',
  path: '/v1/events',
  summary: 'Store a batch of events',
  access: 'events:write',
  limit: 'events',
  cors: 'any_origin',
  app: { from: 'body', required: needsApp },
  body: BATCH_BODY,
  bodyBytesMax: BATCH_BYTES_MAX,
  eventCount: countEvents,
  answer: { status: 200, schema: BATCH_ANSWER },
  example: {
    body: {
      sent_at: '2026-11-22T10:00:05Z',
      events: [
        {
          event_id: '01KAN5X5N8T2QHV4J7RZ3M6CDE',
          event_name: 'purchase_complete',
          app_user_id: 'user_123',
          timestamp: '2026-11-22T10:00:00.000Z',
          properties: { product_id: 'pro_monthly', revenue: '9.99', currency: 'USD' },
          context: { platform: 'ios', app_version: '2.4.0', country: 'DE' },
        },
      ],
    },
  },
  handle: (services: IngestServices, { caller, app, body: batch, country }) =>
    ingest(services, caller, { app, batch, country }),
});

const searchRoute = defineRoute({
  method: 'GET',
  path: '/v1/events',
  summary: 'Search events, newest first, or export all that fit',
  access: 'events:read',
  limit: 'analytics',
  app: { from: 'query', required: false },
  query: SEARCH_QUERY,
  answer: { status: 200, schema: SEARCH_ANSWER, exports: Object.values(EXPORT_TYPES) },
  example: { query: { event_name: ['purchase_complete'], limit: 20 } },
  handle(services: EventServices, { caller, app, query, signal }) {
    const { format = 'json', include_end: includesEnd = false } = query;
    if (format === 'json') return searchEvents(services, caller, app, query, signal);
    return exportEvents(services, caller, app, { format, includesEnd, query }, signal);
  },
});

const streamRoute = defineRoute({
  method: 'GET',
  path: '/v1/events/stream',
  summary:
    'Follow events as they are stored, as server-sent events in receive order: `ready` first, `event` for each, `gap` with how many were missed by a reader that was away for more than 50,000 events (or 50 MB of properties) or reads too slowly, `closed` with the code that ends it',
  access: 'events:read',
  limit: 'analytics',
  app: { from: 'query', required: false },
  query: STREAM_QUERY,
  requestHeaders: ['Last-Event-ID'],
  answer: { status: 200, contentType: EVENT_STREAM, schema: EVENT_JSON },
  handle: (services: EventServices, { caller, app, query, lastEventId, signal }) =>
    streamEvents(services, caller, app, { query, lastEventId }, signal),
});

/** The routes that store, search, export and stream events. */
export const eventRoutes = [ingestRoute, searchRoute, streamRoute] satisfies Route<
  EventServices & IngestServices
>[];
