import { type Static, Type } from 'typebox';
import { parseToRewrite } from '../lib/exact-json.ts';
import { closedObject, component, documentedAs, nullable } from '../lib/schema.ts';
import type { EventRow } from '../warehouse/event-row.ts';
import { CONTEXT_KEYS } from './ingest/context.ts';
import { EVENT_CONTEXT } from './ingest/new-event.ts';

const EVENT_EXAMPLE = {
  event_id: '01KAN5X5N8T2QHV4J7RZ3M6CDE',
  app_id: 'app_01K9ZV0Q6T4M8XJ2R5C7N3B1WD',
  event_name: 'purchase_complete',
  app_user_id: 'user_123',
  session_id: null,
  timestamp: '2026-11-22T10:00:00.000Z',
  received_at: '2026-11-22T10:00:05.250Z',
  properties: { product_id: 'pro_monthly', revenue: '9.99', currency: 'USD' },
  context: { platform: 'ios', app_version: '2.4.0', country: 'DE' },
  revenue: '9.99',
  currency: 'USD',
  revenue_verified: true,
};

/** Schema of a stored event in the API: the same in search, exports and streams. */
export const EVENT_JSON = component(
  'Event',
  closedObject({
    event_id: Type.String({ description: 'Identifies the event in its app.' }),
    app_id: Type.String({ description: 'The app that the event belongs to.' }),
    event_name: Type.String({ description: 'What happened, such as `purchase_complete`.' }),
    app_user_id: Type.String({ description: 'The person or device, as your app identifies it.' }),
    session_id: nullable(Type.String({ description: 'The session in the app.' })),
    timestamp: Type.String({ format: 'date-time', description: 'When it happened.' }),
    received_at: Type.String({ format: 'date-time', description: 'When the server received it.' }),
    properties: Type.Record(Type.String(), Type.Unknown(), { description: 'The properties that were sent.' }),
    context: documentedAs(Type.Record(Type.String(), Type.String()), EVENT_CONTEXT),
    revenue: nullable(Type.String({ description: 'Exact decimal, as sent in `properties.revenue`.' })),
    currency: nullable(Type.String({ description: 'ISO 4217 code of `revenue`.' })),
    revenue_verified: nullable(
      Type.Boolean({
        description: '`false` if the revenue was sent with a client key: it can be forged.',
      }),
    ),
  }),
  { description: 'A stored event.', examples: [EVENT_EXAMPLE] },
);

/** A stored event in the API. */
export type EventJson = Static<typeof EVENT_JSON>;

/** A stored event without its internal columns. Times are epoch milliseconds. */
export type PublicEvent = Omit<EventRow, 'project_id' | 'key_id'>;

/** The columns to select for a PublicEvent; `toPublicEvent` converts the row. */
export const PUBLIC_EVENT_COLUMNS = `event_id, app_id, event_name, app_user_id, session_id,
  toUnixTimestamp64Milli(timestamp) AS timestamp_ms, toUnixTimestamp64Milli(received_at) AS received_ms,
  properties, toString(revenue) AS revenue, currency, verified, ${CONTEXT_KEYS.join(', ')}`;

/** A row of PUBLIC_EVENT_COLUMNS as `readPage` returns it: the engine sends 64-bit numbers as text. */
export type PublicEventRow = Omit<PublicEvent, 'timestamp' | 'received_at'> & {
  timestamp_ms: string;
  received_ms: string;
  page_bytes: string;
};

/** Returns the event of a row of PUBLIC_EVENT_COLUMNS. */
export function toPublicEvent({
  timestamp_ms,
  received_ms,
  page_bytes,
  ...row
}: PublicEventRow): PublicEvent {
  return { ...row, timestamp: Number(timestamp_ms), received_at: Number(received_ms) };
}

/** Returns the JSON of a stored event. */
export function toEventJson(event: PublicEvent): EventJson {
  const context = CONTEXT_KEYS.filter((key) => event[key] !== '').map((key) => [key, event[key]]);
  return {
    event_id: event.event_id,
    app_id: event.app_id,
    event_name: event.event_name,
    app_user_id: event.app_user_id,
    session_id: event.session_id || null,
    timestamp: new Date(event.timestamp).toISOString(),
    received_at: new Date(event.received_at).toISOString(),
    // We stored it as JSON; this is the only place that parses it.
    properties: parseToRewrite(event.properties) as Record<string, unknown>,
    context: Object.fromEntries(context) as Record<string, string>,
    revenue: event.revenue,
    currency: event.currency || null,
    revenue_verified: event.revenue === null ? null : event.verified === 1,
  };
}
