// Plain constants that the dashboard imports too: nothing here may import a library.

/** Maximum characters of each value that events are filtered by. */
export const FILTER_LENGTH_MAX = {
  app_user_id: 256,
  event_name: 64,
  event_id: 128,
  session_id: 128,
  property_name: 128,
  platform: 128,
  country: 128,
  app_version: 128,
} as const;

/** Maximum number of event names, of properties, and of conditions for properties, in one filter. */
export const FILTER_COUNT_MAX = { event_name: 50, property: 10, where: 10 } as const;
