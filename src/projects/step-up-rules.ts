// Imported by the dashboard too, which asks for the password before it sends the request: nothing here may import a library.

/** Settings that limit what keys can do and how long, and how long events are kept: changing one can do lasting harm. */
const GUARDED_FIELDS = ['max_key_lifetime_days', 'leaked_key_policy', 'rate_limits', 'retention_days'];

/** Whether a member needs a recent password for this change to a project's settings. */
export const isGuardedSetting = (change: object): boolean =>
  Object.keys(change).some((field) => GUARDED_FIELDS.includes(field));
