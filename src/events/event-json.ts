import { type Static, Type } from 'typebox';
import { parseToRewrite } from '../lib/exact-json.ts';
import { closedObject, nullable } from '../lib/schema.ts';
import type { EventRow } from '../warehouse/event-row.ts';
import { CONTEXT_KEYS } from './ingest/context.ts';

/** Schema of a stored event in the API: the same in search, exports and streams. */
export const EVENT_JSON = closedObject({
  event_id: Type.String(),
  app_id: Type.String(),
  event_name: Type.String(),
  app_user_id: Type.String(),
  session_id: nullable(Type.String()),
  timestamp: Type.String({ format: 'date-time' }),
  received_at: Type.String({ format: 'date-time' }),
  properties: Type.Record(Type.String(), Type.Unknown()),
  context: Type.Record(Type.String(), Type.String()),
  revenue: nullable(Type.String({ description: 'Exact decimal, as in properties.' })),
  currency: nullable(Type.String()),
  revenue_verified: nullable(Type.Boolean({ description: 'false when the revenue came with a client key.' })),
});

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
