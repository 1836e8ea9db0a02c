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
  audit_log: AuditTable;
  audit_head: { id: number; seq: number; mac: string };
};

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
  expires_at: number | null;
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
