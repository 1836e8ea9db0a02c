/** One event as stored. Times are epoch milliseconds; `revenue` is an exact decimal string. */
export type EventRow = {
  project_id: string;
  app_id: string;
  event_id: string;
  event_name: string;
  app_user_id: string;
  /** Empty when the event has none. */
  session_id: string;
  timestamp: number;
  received_at: number;
  /** The event's properties as JSON text, `{}` when it has none. */
  properties: string;
  revenue: string | null;
  /** ISO 4217 code of `revenue`; empty without revenue. */
  currency: string;
  key_id: string;
  /** 0 when the event came with a client key, which anyone who has the app can read; 1 otherwise. */
  verified: 0 | 1;
  platform: string;
  os_version: string;
  app_version: string;
  country: string;
  locale: string;
  device_model: string;
  sdk: string;
};

/** Whether an event's name is reserved: only SDKs send such events, and no metric counts them. */
export const isReserved = (eventName: string): boolean => eventName.startsWith('$');
