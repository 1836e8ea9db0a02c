import type { Generated } from 'kysely';
import type { PeopleSchema } from './people-schema.ts';

/**
 * The tables of the control plane, as Kysely types. Times are epoch milliseconds, flags 0 or 1, lists and objects
 * JSON text. `revision` is the value of the one counter at the row's last change: whoever remembers the highest
 * revision seen can ask for just what changed since.
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
  /** `seal`: HMAC-SHA-256 over `seq` and `mac` under a label of its own, base64url. */
  audit_head: { id: number; seq: number; mac: string; seal: Generated<string> };
  /** The one counter of usage flushes, as `revision` counts changes. */
  usage_flush: { id: number; value: number };
  key_usage: KeyUsageTable;
  key_usage_hours: KeyUsageHourTable;
  key_expiry_notices: { key_id: string; expires_at: number; days: number };
} & PeopleSchema;

export type ProjectTable = {
  id: string;
  name: string;
  max_key_lifetime_days: number | null;
  count_unverified_revenue: number;
  leaked_key_policy: string;
  rate_limits: string | null;
  created_at: number;
  updated_at: number;
  revision: number;
};

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
  metadata: string;
  disabled: number;
  created_at: number;
  created_by: string;
  revoked_at: number | null;
  revoked_by: string | null;
  revoked_reason: string | null;
  rate_limits: string | null;
  /** When someone first said that this client key is public. */
  leak_reported_at: number | null;
  revision: number;
};

export type KeySecretTable = {
  key_id: string;
  version: number;
  /** HMAC-SHA-256 of the secret, base64url; never the secret. */
  mac: string;
  /** Which pepper made `mac`, so that APPFLOW_SECRET can be replaced. */
  pepper_id: string;
  hint: string;
  created_at: number;
  /** When its grace ends; null for the newest secret. */
  expires_at: number | null;
  /** When it was ended before its time. */
  revoked_at: number | null;
  /** When it was first seen; noted only while an older secret still lives. */
  first_used_at: number | null;
  /** How long it lives on once the newer secret is first seen; null when its end does not wait for that. */
  grace_ms: number | null;
};

/** One intent of one caller: never two keys or apps for it, and for a while the same answer. */
export type IdempotentCallTable = {
  /** Hash of caller, method, path and header. */
  intent: string;
  body_hash: string;
  /** The key or app that arose. */
  made_id: string;
  /** The answer under a key that only the same caller with the same header can derive; null once it is too old. */
  sealed_answer: string | null;
  created_at: number;
};

/** One secret of a server or read-only key that someone found in public. */
export type LeakedSecretTable = {
  key_id: string;
  version: number;
  /** When its key is to be disabled, if the secret still works then; null when the project does not wait. */
  disable_at: number | null;
  /** When that was looked at. */
  done_at: number | null;
};

export type AuditTable = {
  /** Position in the one chain of the installation, from 1, without gaps. */
  seq: number;
  id: string;
  at: number;
  /** Null for what concerns the installation. */
  project_id: string | null;
  actor_type: string;
  actor_id: string;
  action: string;
  target: string;
  diff: string | null;
  ip: string | null;
  request_id: string | null;
  /** Which secret's derived key made `mac`. */
  pepper_id: string;
  /** HMAC-SHA-256 over this row and the row before, base64url. */
  mac: string;
};

export type KeyUsageTable = {
  key_id: string;
  /** Which of the key's secrets. */
  version: number;
  last_used_at: number;
  last_used_ip: string | null;
  last_used_sdk: string | null;
  request_count: number;
  bundle_id_mismatches: number;
  /** The value of `usage_flush` when the row last changed. */
  flush: number;
};

export type KeyUsageHourTable = {
  key_id: string;
  /** Its first millisecond. */
  hour: number;
  category: string;
  ok: number;
  unauthorized: number;
  forbidden: number;
  limited: number;
};
