/** The tables of ingestion health. */
export type IngestionSchema = {
  ingestion_hours: IngestionHourTable;
  ingestion_sdk_hours: IngestionSdkHourTable;
  ingestion_samples: IngestionSampleTable;
  event_names: EventNameTable;
};

/** How many events, or requests, of a key had one outcome in one hour. Written only by earlier releases, which do not know the SDK. */
export type IngestionHourTable = {
  project_id: string;
  /** The ID of the key, or of the member who sent the events. */
  key_id: string;
  /** The first millisecond of the hour of receipt, UTC. */
  hour: number;
  /** Name and version of what sent them. Empty if the events name none. */
  sdk: string;
  /** Empty if the app is unknown. */
  app_id: string;
  /** `accepted`, `duplicate`, `rejected` (events) or `refused` (requests). */
  outcome: string;
  /** Why, for what was rejected or refused; otherwise empty. */
  code: string;
  count: number;
};

/** The same by what sent them. */
export type IngestionSdkHourTable = IngestionHourTable & {
  /** Such as `appflow` or `posthog`; `unknown` if it was refused before this was known. */
  sdk_id: string;
};

/** A rejected event. It contains no API key. */
export type IngestionSampleTable = {
  /** Time-ordered. */
  id: string;
  project_id: string;
  at: number;
  /** Null if the app is unknown. */
  app_id: string | null;
  /** As it was sent, so that the samples of a person can be deleted. */
  app_user_id: string | null;
  key_id: string;
  /** As in `IngestionSdkHourTable`; `unknown` if an earlier release wrote it. */
  sdk_id: string;
  sdk: string;
  code: string;
  field: string;
  message: string;
  event_id: string | null;
  /** The beginning of its JSON; null if the person was erased. */
  event: string | null;
  /** 1 if `event` is only a part of its JSON. */
  is_cut: number;
};

/** A name that an app sent, and the normalized one that its events are stored under. It contains no API key. */
export type EventNameTable = {
  project_id: string;
  app_id: string;
  event_name: string;
  sent_name: string;
  /** 1 if SDKs send it by themselves. */
  is_automatic: number;
  count: number;
  first_at: number;
  last_at: number;
};
