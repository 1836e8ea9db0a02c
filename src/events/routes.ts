import { Type } from 'typebox';
import { defineRoute, type Route } from '../api/route.ts';
import { EVENT_STREAM, EXPORT_TYPES } from '../api/streamed.ts';
import { EVENTS_PER_BATCH_MAX } from '../limits/policies.ts';
import { EVENT_JSON } from './event-json.ts';
import { exportEvents } from './export.ts';
import { countHistogram, HISTOGRAM_ANSWER, HISTOGRAM_QUERY } from './histogram.ts';
import { BATCH_ANSWER, BATCH_BODY } from './ingest/batch-schema.ts';
import { BATCH_BYTES_MAX, countEvents, type IngestServices, ingest, needsApp } from './ingest/ingest.ts';
import { NEW_EVENT_EXAMPLE } from './ingest/new-event.ts';
import { type EventServices, EXPORT_QUERY, SEARCH_ANSWER, SEARCH_QUERY, searchEvents } from './search.ts';
import { STREAM_QUERY, type StreamServices, streamEvents } from './stream.ts';

const ingestRoute = defineRoute({
  method: 'POST',
  path: '/v1/events',
  operationId: 'sendEvents',
  summary: 'Send events',
  description: `Stores up to ${EVENTS_PER_BATCH_MAX} events. Each event is validated on its own: invalid ones are listed under \`rejected\`, and the others are stored. 200 means that the accepted events are stored durably.

Sending an event again is safe: an \`event_id\` that is already stored counts as a duplicate. The body can be compressed with gzip, deflate or br, and may have up to 5 MB after decompression.`,
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
      events: [NEW_EVENT_EXAMPLE],
    },
  },
  handle: (services: IngestServices, { caller, app, body: batch, country }) =>
    ingest(services, caller, { app, batch, country }),
});

const searchRoute = defineRoute({
  method: 'GET',
  path: '/v1/events',
  operationId: 'searchEvents',
  summary: 'Search events',
  description:
    'Returns a page of the events that match all filters, newest first. Filters are case-sensitive and match exactly. Deleted apps are left out.',
  access: 'events:read',
  limit: 'analytics',
  app: { from: 'query', required: false, acceptsAll: true },
  query: SEARCH_QUERY,
  answer: { status: 200, schema: SEARCH_ANSWER },
  example: { query: { event_name: ['purchase_complete'], limit: 20 } },
  handle(services: EventServices, { caller, app, query, signal }) {
    const { format = 'json' } = query;
    if (format === 'json') return searchEvents(services, caller, app, query, signal);
    return exportEvents(services, caller, app, { format, includesEnd: false, query }, signal);
  },
});

const histogramRoute = defineRoute({
  method: 'GET',
  path: '/v1/events/histogram',
  operationId: 'countEvents',
  summary: 'Count events by hour or day',
  description:
    'Returns how many events match the filters in each hour or day, as the dashboard draws above the list of events. It counts every event that a search returns, also those that no metric counts.',
  access: 'events:read',
  limit: 'analytics',
  app: { from: 'query', required: false, acceptsAll: true },
  query: HISTOGRAM_QUERY,
  answer: { status: 200, schema: HISTOGRAM_ANSWER },
  example: { query: { event_name: ['purchase_complete'], interval: 'day' } },
  handle: (services: EventServices, { caller, app, query, signal }) =>
    countHistogram(services, caller, app, query, signal),
});

const exportRoute = defineRoute({
  method: 'GET',
  path: '/v1/events/export',
  operationId: 'exportEvents',
  summary: 'Export events',
  description:
    'Streams all events that match the filters, newest first, as newline-delimited JSON (one `Event` per line) or as CSV. Export large amounts in parts, with `from` and `to`: an export that breaks cannot be resumed.',
  access: 'events:read',
  limit: 'analytics',
  app: { from: 'query', required: false, acceptsAll: true },
  query: EXPORT_QUERY,
  answer: { status: 200, schema: Type.String(), exports: Object.values(EXPORT_TYPES) },
  example: { query: { format: 'csv', event_name: ['purchase_complete'] } },
  handle(services: EventServices, { caller, app, query, signal }) {
    const { format = 'ndjson', include_end: includesEnd = false } = query;
    return exportEvents(services, caller, app, { format, includesEnd, query }, signal);
  },
});

const streamRoute = defineRoute({
  method: 'GET',
  path: '/v1/events/stream',
  operationId: 'streamEvents',
  summary: 'Stream events as they are stored',
  description: `Server-sent events in the order in which events are stored. \`data\` depends on the type of the message:

- \`ready\`: \`{}\`, the first message.
- \`event\`: an \`Event\`. Its \`id\` is where to continue: reconnect with \`Last-Event-ID\`.
- \`gap\`: \`{"missed": 12}\`. The reader was too slow, or away for more than 50,000 events (or 50 MB of properties).
- \`closed\`: \`{"code": "api_key_revoked"}\`. The stream ends; \`code\` is why.

A comment every few seconds keeps the connection open.`,
  access: 'events:read',
  limit: 'analytics',
  app: { from: 'query', required: false, acceptsAll: true },
  query: STREAM_QUERY,
  requestHeaders: ['Last-Event-ID'],
  answer: { status: 200, contentType: EVENT_STREAM, schema: EVENT_JSON },
  handle: (services: StreamServices, { caller, app, query, lastEventId, signal }) =>
    streamEvents(services, caller, app, { query, lastEventId }, signal),
});

/** The routes that store, search, export and stream events. */
export const eventRoutes = [
  ingestRoute,
  searchRoute,
  histogramRoute,
  exportRoute,
  streamRoute,
] satisfies Route<EventServices & IngestServices & StreamServices>[];
