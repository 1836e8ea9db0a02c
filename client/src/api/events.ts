import type { PageQuery } from './list.ts';

/** Where an event came from; every value is a string of at most 128 characters. */
export type EventContext = {
  platform?: string;
  os_version?: string;
  app_version?: string;
  country?: string;
  locale?: string;
  device_model?: string;
  sdk?: string;
};

/** An event to send. `timestamp` is RFC 3339 or epoch milliseconds. */
export type EventInput = {
  event_name: string;
  app_user_id: string;
  /** Random (UUID or ULID) and stored with the event, so that a retry sends the same. It counts once per app. */
  event_id?: string;
  app_id?: string;
  session_id?: string;
  timestamp?: string | number;
  properties?: Record<string, unknown>;
  context?: EventContext;
};

/** The result of a batch. Valid events are stored even if others are rejected; `index` is the position in the batch. */
export type BatchAnswer = {
  accepted: number;
  duplicates: number;
  rejected: RejectedEvent[];
  warnings: BatchWarning[];
};

/** What was changed in `events` events before they were stored; `field` is a path such as `context.carrier`. */
export type BatchWarning = { code: WarningCode; field: string; events: number; message: string };

export type WarningCode = 'unknown_field' | 'number_as_text' | 'holds_a_key';

export type RejectedEvent = {
  index: number;
  event_id?: string;
  code: string;
  field: string;
  message: string;
};

/** Which events to stream; all conditions must match. */
export type StreamFilter = {
  app_id?: string;
  /** Events that were sent with this ID. */
  app_user_id?: string;
  /** Events of the person with this ID, sent with any of the linked IDs. */
  person?: string;
  event_name?: string[];
};

/** Which stored events; all conditions must match. */
export type EventFilter = StreamFilter & {
  event_id?: string;
  session_id?: string;
  platform?: string;
  country?: string;
  app_version?: string;
  from?: string;
  to?: string;
  /** `NAME:VALUE`; all must match. */
  property?: string[];
};

export type EventQuery = PageQuery & EventFilter;

/** A stored event. */
export type StoredEvent = {
  event_id: string;
  app_id: string;
  event_name: string;
  app_user_id: string;
  session_id: string | null;
  timestamp: string;
  received_at: string;
  properties: Record<string, unknown>;
  context: Record<string, string>;
  revenue: string | null;
  currency: string | null;
  revenue_verified: boolean | null;
};
