/** All reasons to reject one event of a batch, each with its fix for the documentation. */
export const REJECTION_CURES = {
  invalid_event: 'Send each element of events as a JSON object.',
  event_too_large:
    'Send at most 32 KB (32,768 bytes) of JSON per event: shorten the properties, or split the event.',
  invalid_event_name:
    'Name the event in snake_case: a lowercase letter, then at most 63 lowercase letters, digits or underscores.',
  invalid_app_user_id: 'Send app_user_id as a string of 1 to 256 bytes.',
  placeholder_app_user_id:
    'Send the ID of one person or device, not a placeholder such as "null". Use a random ID until you know it.',
  invalid_event_id: 'Send event_id as 1 to 128 visible ASCII characters, or leave it out.',
  invalid_timestamp: 'Send timestamp as RFC 3339 ("2026-11-22T10:00:00.000Z") or as epoch milliseconds.',
  timestamp_too_old: 'Send timestamps from the year 2000 on; as a number they are milliseconds, not seconds.',
  timestamp_in_future:
    'Send timestamps at most 1 hour ahead of the server; sent_at with the batch corrects a wrong device clock.',
  invalid_session_id: 'Send session_id as a string of at most 128 characters, or leave it out.',
  invalid_properties:
    'Send properties as an object of at most 200 keys, nested at most 5 deep, with keys of at most 128 characters.',
  invalid_context: 'Send context as an object whose known keys are strings of at most 128 characters.',
  invalid_revenue:
    'Send properties.revenue as a decimal such as "9.99": at most 18 integer digits and 6 decimals, negative only on refund.',
  invalid_currency: 'Send properties.currency as an uppercase ISO 4217 code such as "USD".',
  user_erased:
    'Drop the event: this person was erased, and the event is dated before that. Later events start a new profile.',
  app_required: 'Send app_id with the batch or the event: the project has several apps.',
  app_not_found: 'Send the app_id of an app in this project.',
  app_not_allowed: 'Use a key for this app, or send the app_id of an app that the key can use.',
} as const;

/** Why one event was rejected. */
export type RejectionCode = keyof typeof REJECTION_CURES;
