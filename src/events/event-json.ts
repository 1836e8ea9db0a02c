import { type Static, Type } from 'typebox';
import { closedObject, nullable } from '../lib/schema.ts';
import type { EventRow } from '../warehouse/event-row.ts';
import { CONTEXT_KEYS } from './ingest/context.ts';

/** A stored event as the API tells it, in search, exports and streams alike. */
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

export type EventJson = Static<typeof EVENT_JSON>;

/** What of a stored event is told. Times are epoch milliseconds. */
export type ToldEvent = Omit<EventRow, 'project_id' | 'key_id'>;

/** The columns of `events` that make a ToldEvent, see `toToldEvent`. */
export const TOLD_COLUMNS = `event_id, app_id, event_name, app_user_id, session_id,
  toUnixTimestamp64Milli(timestamp) AS timestamp_ms, toUnixTimestamp64Milli(received_at) AS received_ms,
  properties, toString(revenue) AS revenue, currency, verified, ${CONTEXT_KEYS.join(', ')}`;

/** A row of a page of TOLD_COLUMNS, see `readPage`: the engine sends 64-bit numbers as text. */
export type ToldRow = Omit<ToldEvent, 'timestamp' | 'received_at'> & {
  timestamp_ms: string;
  received_ms: string;
  page_bytes: string;
};

/** Returns the event that a row of TOLD_COLUMNS holds. */
export function toToldEvent({ timestamp_ms, received_ms, page_bytes, ...row }: ToldRow): ToldEvent {
  return { ...row, timestamp: Number(timestamp_ms), received_at: Number(received_ms) };
}

/** Returns a stored event as the API tells it. */
export function toEventJson(event: ToldEvent): EventJson {
  const context = CONTEXT_KEYS.filter((key) => event[key] !== '').map((key) => [key, event[key]]);
  return {
    event_id: event.event_id,
    app_id: event.app_id,
    event_name: event.event_name,
    app_user_id: event.app_user_id,
    session_id: event.session_id || null,
    timestamp: new Date(event.timestamp).toISOString(),
    received_at: new Date(event.received_at).toISOString(),
    // Written by us as JSON: the one place where it is read again.
    properties: JSON.parse(event.properties) as Record<string, unknown>,
    context: Object.fromEntries(context) as Record<string, string>,
    revenue: event.revenue,
    currency: event.currency || null,
    revenue_verified: event.revenue === null ? null : event.verified === 1,
  };
}
