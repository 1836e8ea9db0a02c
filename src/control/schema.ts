import type { Generated } from 'kysely';
import type { IngestionSchema } from './ingestion-schema.ts';
import type { PeopleSchema } from './people-schema.ts';

/**
 * The tables of the control plane, as Kysely types. Times are epoch milliseconds, flags 0 or 1, lists and objects
 * JSON text. `revision` is the value of one global counter at the row's last change, so a process that remembers the
 * highest revision it has seen can load only what changed since.
 */
export type ControlSchema = {
  schema_migrations: { name: string; applied_at: number };
  settings: { name: string; value: string };
  revision: { id: number; value: number };
  projects: ProjectTable;
  apps: AppTable;
  api_keys: ApiKeyTable;
  key_secrets: KeySecretTable;
  idempotent_calls: IdempotentCallTable;
  leaked_secrets: LeakedSecretTable;
  audit_log: AuditTable;
  /** `seal`: HMAC-SHA-256 over `seq` and `mac` with its own label, base64url. */
  audit_head: { id: number; seq: number; mac: string; seal: Generated<string> };
  /** The counter of usage flushes, the counterpart of `revision`. */
  usage_flush: { id: number; value: number };
  flush_marks: FlushMarkTable;
  leases: LeaseTable;
  key_usage: KeyUsageTable;
  key_usage_hours: KeyUsageHourTable;
  saved_items: SavedItemTable;
  erasures: ErasureTable;
  erased_users: ErasedUserTable;
  key_expiry_notices: { key_id: string; expires_at: number; days: number };
} & IngestionSchema &
  PeopleSchema;

/** A project and its settings. A deleted project keeps its row, so that it can be restored. */
export type ProjectTable = {
  id: string;
  name: string;
  max_key_lifetime_days: number | null;
  count_unverified_revenue: number;
  leaked_key_policy: string;
  rate_limits: string | null;
  /** After how many days events are deleted; null if they are kept. */
  retention_days: number | null;
  created_at: number;
  updated_at: number;
  deleted_at: number | null;
  revision: number;
};

/** A request to erase a person. It contains no ID in the clear: `sealed_work` is encrypted, and null when it is done. */
export type ErasureTable = {
  id: string;
  project_id: string;
  app_ids: string;
  /** What is left to do, which contains the IDs of the person. */
  sealed_work: string | null;
  /** How many events, and IDs that had events, are erased. */
  events: number;
  app_user_ids: number;
  requested_at: number;
  done_at: number | null;
};

/** Refuses the events of an erased person. */
export type ErasedUserTable = {
  app_id: string;
  /** A MAC of the ID in this app, base64url. */
  mac: string;
  /** Events up to this time are refused; epoch milliseconds. */
  until: number;
};

/** An app of a project. A deleted app keeps its row, so that it can be restored. */
export type AppTable = {
  id: string;
  project_id: string;
  name: string;
  platform: string;
  bundle_id: string | null;
  timezone: string;
  currency: string;
  created_at: number;
  updated_at: number;
  deleted_at: number | null;
  revision: number;
};

/** An API key without its secrets. */
export type ApiKeyTable = {
  id: string;
  project_id: string;
  type: string;
  name: string;
  scopes: string | null;
  app_ids: string | null;
  expires_at: number | null;
  ip_allowlist: string;
  allowed_origins: string;
  bundle_ids: string;
  /** Null for all SDKs. */
  allowed_sdks: string | null;
  metadata: string;
  disabled: number;
  created_at: number;
  created_by: string;
  revoked_at: number | null;
  revoked_by: string | null;
  revoked_reason: string | null;
  rate_limits: string | null;
  /** When this client key was first reported as leaked. */
  leak_reported_at: number | null;
  revision: number;
};

/** One secret of an API key. During a rotation a key has several. */
export type KeySecretTable = {
  key_id: string;
  version: number;
  /** HMAC-SHA-256 of the secret, base64url; never the secret itself. */
  mac: string;
  /** The pepper that `mac` was computed with, so that APPFLOW_SECRET can be replaced. */
  pepper_id: string;
  hint: string;
  created_at: number;
  /** When its grace period ends; null for the newest secret. */
  expires_at: number | null;
  /** When it was revoked before it expired. */
  revoked_at: number | null;
  /** When it was first used; recorded only while an older secret is still valid. */
  first_used_at: number | null;
  /** How long it stays valid after the newer secret is first used; null if its expiry does not depend on that. */
  grace_ms: number | null;
};

/** An idempotency record: at most one key or app is created for it, and for a while the answer can be replayed. */
export type IdempotentCallTable = {
  /** Hash of caller, method, path and header. */
  intent: string;
  body_hash: string;
  /** The id of the created key or app. */
  made_id: string;
  /** The answer, encrypted with a key that only the same caller with the same header can derive; null once too old. */
  sealed_answer: string | null;
  created_at: number;
};

/** A secret of a server or read-only key that was reported as leaked. */
export type LeakedSecretTable = {
  key_id: string;
  version: number;
  /** When to disable the key if the secret still works; null if the project does not delay this. */
  disable_at: number | null;
  /** When that was handled. */
  done_at: number | null;
};

/** One entry of the audit log. */
export type AuditTable = {
  /** Position in the installation's single chain, from 1, without gaps. */
  seq: number;
  id: string;
  at: number;
  /** Null for entries of the installation. */
  project_id: string | null;
  actor_type: string;
  actor_id: string;
  action: string;
  target: string;
  diff: string | null;
  ip: string | null;
  request_id: string | null;
  /** The secret whose derived key `mac` was computed with. */
  pepper_id: string;
  /** HMAC-SHA-256 over this row and the previous one, base64url. */
  mac: string;
};

/** What the people of a project saved for each other: an annotation of charts, or the filters of a page. */
export type SavedItemTable = {
  id: string;
  project_id: string;
  kind: string;
  /** JSON; its members depend on the kind. */
  content: string;
  created_at: number;
  updated_at: number;
};

/** The last write of one writer of counts, which shows whether it was committed. */
export type FlushMarkTable = {
  writer: string;
  flush: string;
  at: number;
};

/** A lease that one process holds at a time. */
export type LeaseTable = {
  name: string;
  /** The process that took it last; empty if it released the lease and was idle. */
  holder: string;
  /** Until when it is held, by the clock of the database in epoch milliseconds. */
  until: number;
  /** Where other nodes reach the holder; null until it is ready, and if it works alone. */
  address: string | null;
};

/** The usage of one secret of a key. */
export type KeyUsageTable = {
  key_id: string;
  /** The version of the secret. */
  version: number;
  last_used_at: number;
  last_used_ip: string | null;
  last_used_sdk: string | null;
  request_count: number;
  bundle_id_mismatches: number;
  /** The value of `usage_flush` when the row last changed. */
  flush: number;
};

/** The requests of a key in one hour, by category and outcome. */
export type KeyUsageHourTable = {
  key_id: string;
  /** The first millisecond of the hour. */
  hour: number;
  category: string;
  ok: number;
  unauthorized: number;
  forbidden: number;
  limited: number;
};
