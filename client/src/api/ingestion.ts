import type { Sdk } from './keys.ts';
import type { PageQuery } from './list.ts';

/** What sent events: `POST /v1/events`, or the SDK of a vendor. `unknown`: counted before Appflow recorded SDKs, or refused before the SDK was known. */
export type IngestionSdk = Sdk | 'unknown';

/** Which hours of receipt: `start` and `end` are RFC 3339 times or days of UTC; the last 24 hours by default. */
export type IngestionQuery = {
  start?: string;
  end?: string;
  interval?: 'hour' | 'day';
  key_id?: string;
  sdk_id?: IngestionSdk;
  app_id?: string;
};

/**
 * What became of the events of a key and an SDK in the hour, or on the day, that starts at `hour`. `refused` counts requests,
 * `link_conflicts` accepted `$identify` events without effect: their `anonymous_id` is linked to someone else already.
 * `key_id`, `sdk_id` and `sdk` are `other` for further ones together, when the answer would have too many rows.
 */
export type IngestionCounts = {
  hour: string;
  key_id: string;
  sdk_id: string;
  sdk: string;
  accepted: number;
  duplicates: number;
  rejected: number;
  refused: number;
  link_conflicts: number;
  reasons: Record<string, number>;
};

export type IngestionAnswer = {
  data: IngestionCounts[];
  meta: {
    start: string;
    end: string;
    interval: 'hour' | 'day';
    timezone: 'UTC';
    kept_days: number;
    generated_at: string;
  };
};

/** Different names that events were sent with, and that are stored as one: the 20 most frequent `names`. Counts are a lower bound. */
export type NameCollision = {
  event_name: string;
  events: number;
  name_count: number;
  names: { name: string; events: number; first_at: string; last_at: string }[];
};

export type IngestionSampleQuery = PageQuery & {
  code?: string;
  key_id?: string;
  sdk_id?: IngestionSdk;
  app_id?: string;
};

/** A rejected event. `event` is its JSON, cut to 2 KB; null if the person was erased. */
export type IngestionSample = {
  id: string;
  at: string;
  app_id: string | null;
  key_id: string;
  sdk_id: string;
  sdk: string;
  code: string;
  field: string;
  message: string;
  event_id: string | null;
  event: string | null;
  truncated: boolean;
};
