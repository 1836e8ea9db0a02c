// biome-ignore-all lint/style/noExcessiveLinesPerFile: all types in one place, so the whole API can be read on one page.
// The types on the wire, written by hand for readability; a test proves that they equal the server's schemas.

/** Every error code of the server: a closed list. docs/errors.md has the fix for each. */
export type ErrorCode =
  | 'malformed_json'
  | 'invalid_encoding'
  | 'multiple_credentials'
  | 'missing_api_key'
  | 'invalid_api_key'
  | 'api_key_expired'
  | 'api_key_revoked'
  | 'api_key_disabled'
  | 'invalid_signature'
  | 'not_signed_in'
  | 'invalid_credentials'
  | 'insufficient_scope'
  | 'app_not_allowed'
  | 'ip_not_allowed'
  | 'origin_not_allowed'
  | 'secret_key_in_browser'
  | 'csrf_rejected'
  | 'step_up_required'
  | 'tls_required'
  | 'exceeds_own_permissions'
  | 'not_found'
  | 'method_not_allowed'
  | 'request_too_slow'
  | 'conflict'
  | 'rotation_in_progress'
  | 'limit_reached'
  | 'no_grace_running'
  | 'not_restorable'
  | 'idempotency_replay_expired'
  | 'precondition_failed'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'validation_failed'
  | 'idempotency_key_reused'
  | 'app_required'
  | 'rate_limited'
  | 'too_many_failed_authentications'
  | 'overloaded'
  | 'storage_unavailable'
  | 'disk_nearly_full'
  | 'revocation_not_stored'
  | 'query_timeout'
  | 'query_too_large'
  | 'internal';

/** An invalid field; `field` is a path such as `rate_limits.events`. */
export type FieldError = { field: string; code: string; message: string };

/** One page of a list. `next_cursor` is null on the last one. */
export type Page<T> = { data: T[]; next_cursor: string | null };

/** A page of a list: `limit` rows (1 to 200, default 50) after `cursor`. */
export type PageQuery = { limit?: number; cursor?: string };

export type Platform = 'ios' | 'android' | 'web' | 'server' | 'other';

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
  warnings: { code: string; field: string; events: number; message: string }[];
};

export type RejectedEvent = {
  index: number;
  event_id?: string;
  code: string;
  field: string;
  message: string;
};

/** Which events to stream; all conditions must match. */
export type StreamFilter = { app_id?: string; app_user_id?: string; event_name?: string[] };

/** Which stored events; all conditions must match. */
export type EventFilter = StreamFilter & {
  event_id?: string;
  session_id?: string;
  from?: string;
  to?: string;
  /** `NAME:VALUE`; all must match. */
  property?: string[];
};

export type EventQuery = PageQuery & EventFilter;

/** Export formats: newline-delimited JSON, or a table. */
export type ExportFormat = 'ndjson' | 'csv';

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

/** Which events a query counts; a list matches any of its values. */
export type AnalyticsQuery = {
  app_id?: string;
  timezone?: string;
  platform?: string[];
  country?: string[];
  app_version?: string[];
  event_name?: string[];
};

/** How the metrics of an answer were computed. */
export type AnalyticsMeta = {
  app_id: string;
  timezone: string;
  filters: Record<string, string[]>;
  currency: string;
  definitions: Record<string, string>;
  unverified_revenue: 'included' | 'excluded';
  generated_at: string;
};

export type Metric = 'dau' | 'new_users' | 'sessions' | 'events' | 'revenue';

/** `days` up to today, or `start` and `end` (YYYY-MM-DD, both included). */
export type DailyQuery = AnalyticsQuery & { days?: number; start?: string; end?: string; metrics?: string[] };

/** The metrics of one day; money is an exact decimal. */
export type Day = {
  date: string;
  dau?: number;
  new_users?: number;
  sessions?: number;
  events?: number;
  revenue?: string;
  revenue_by_currency?: Record<string, string>;
};

export type DailyAnswer = {
  data: Day[];
  meta: AnalyticsMeta & { start: string; end: string; metrics: Metric[] };
};

/**
 * `by` is `event_name`, `platform`, `country`, `app_version` or `property:NAME`; `limit` is the number of values (1 to 200,
 * default 10), the rest is grouped as `other`.
 */
export type BreakdownQuery = AnalyticsQuery & {
  days?: number;
  start?: string;
  end?: string;
  by: string;
  metric?: 'events' | 'users' | 'revenue';
  limit?: number;
};

/** The requested metric and its share of the total; null if shares do not apply. */
export type Measure = {
  events?: number;
  users?: number;
  revenue?: string;
  revenue_by_currency?: Record<string, string>;
  share: number | null;
};

/** The top values, highest first, and the rest grouped as `other`; `value` is null for events without one. */
export type BreakdownAnswer = {
  data: (Measure & { value: string | null })[];
  other: Measure;
  meta: AnalyticsMeta & {
    start: string;
    end: string;
    by: string;
    metric: 'events' | 'users' | 'revenue';
    limit: number;
  };
};

export type LiveQuery = AnalyticsQuery;

export type LiveAnswer = {
  data: {
    active_users_5m: number;
    active_users_30m: number;
    dau_today: number;
    revenue_today: string;
    events_per_minute: number[];
    top_events: { event_name: string; events: number }[];
  };
  meta: AnalyticsMeta & { today: string };
};

export type App = {
  id: string;
  project_id: string;
  name: string;
  platform: Platform;
  bundle_id: string | null;
  timezone: string;
  currency: string;
  created_at: string;
  updated_at: string;
  deleted_at: string | null;
};

export type AppQuery = PageQuery & { deleted?: boolean };

export type NewApp = {
  name: string;
  platform: Platform;
  bundle_id?: string;
  timezone?: string;
  currency?: string;
};

/** Changes to an app; `deleted: false` restores it. */
export type AppChange = {
  name?: string;
  platform?: Platform;
  bundle_id?: string | null;
  timezone?: string;
  currency?: string;
  deleted?: false;
};

/** `rate` refills per second; `burst` can be spent immediately. */
export type Rate = { rate: number; burst: number };

export type RateLimits = {
  events?: { requests?: Rate; events?: Rate };
  analytics?: { requests?: Rate; in_flight?: number };
  management?: { requests?: Rate };
};

export type Project = {
  id: string;
  name: string;
  max_key_lifetime_days: number | null;
  count_unverified_revenue: boolean;
  leaked_key_policy: 'revoke' | number;
  rate_limits: RateLimits | null;
  created_at: string;
  updated_at: string;
};

export type ProjectChange = {
  name?: string;
  max_key_lifetime_days?: number | null;
  count_unverified_revenue?: boolean;
  leaked_key_policy?: 'revoke' | number;
  rate_limits?: RateLimits | null;
};

export type Scope =
  | 'events:write'
  | 'events:read'
  | 'analytics:read'
  | 'users:read'
  | 'users:delete'
  | 'apps:read'
  | 'apps:write'
  | 'project:read'
  | 'project:write'
  | 'keys:read'
  | 'keys:write'
  | 'audit:read';

export type KeyType = 'server' | 'client' | 'read_only';

export type KeyStatus = 'active' | 'expiring' | 'expired' | 'disabled' | 'revoked';

/** A key without its secret. */
export type ApiKey = {
  id: string;
  project_id: string;
  type: KeyType;
  name: string;
  hint: string;
  status: KeyStatus;
  scopes: Scope[];
  app_ids: string[] | null;
  expires_at: string | null;
  ip_allowlist: string[];
  allowed_origins: string[];
  bundle_ids: string[];
  rate_limits: RateLimits | null;
  disabled: boolean;
  metadata: Record<string, string>;
  secrets: {
    version: number;
    hint: string;
    created_at: string;
    last_used_at: string | null;
    expires_at: string | null;
  }[];
  created_at: string;
  created_by: string;
  revoked_at: string | null;
  revoked_by: string | null;
  revoked_reason: string | null;
  leak_reported_at: string | null;
  last_used_at: string | null;
  last_used_ip: string | null;
  last_used_sdk: string | null;
  request_count: number;
  bundle_id_mismatches: number;
  etag: string;
};

/** A key with its new secret in `key`: the only response that contains it. */
export type ApiKeyWithSecret = ApiKey & { key: string };

type Restrictions = {
  scopes?: Scope[] | null;
  app_ids?: string[] | null;
  expires_at?: string | null;
  ip_allowlist?: string[];
  allowed_origins?: string[];
  bundle_ids?: string[];
  rate_limits?: RateLimits | null;
  disabled?: boolean;
  metadata?: Record<string, string>;
};

export type NewKey = Restrictions & { name: string; type: KeyType; project_id?: string };

/** Changes to a key; null removes a restriction. */
export type KeyChange = Restrictions & { name?: string };

export type KeyQuery = PageQuery & {
  type?: KeyType;
  status?: KeyStatus;
  expires_before?: string;
  unused_for_days?: number;
  app_id?: string;
};

export type Rotation = { grace_seconds?: number; force?: boolean; grace_from?: 'now' | 'first_use' };

export type RevokeReason = 'unused' | 'rotated' | 'leaked' | 'member_left' | 'other';

/** The key that made the request. For a client key, only the required fields are returned. */
export type OwnKey = Pick<ApiKey, 'id' | 'type' | 'scopes' | 'project_id' | 'app_ids' | 'expires_at'> &
  Partial<ApiKey>;

/** The result of reporting a client key as leaked. */
export type LeakReport = { id: string; message: string };

/** Start and end, RFC 3339; default: the last seven days. */
export type UsageQuery = { from?: string; to?: string };

export type UsageHour = {
  hour: string;
  category: 'events' | 'analytics' | 'management';
  ok: number;
  unauthorized: number;
  forbidden: number;
  limited: number;
};

export type AuditAction =
  | 'api_key.created'
  | 'api_key.updated'
  | 'api_key.rotated'
  | 'api_key.grace_ended'
  | 'api_key.revoked'
  | 'api_key.restored'
  | 'api_key.disabled'
  | 'api_key.leak_reported'
  | 'app.created'
  | 'app.updated'
  | 'app.deleted'
  | 'app.restored'
  | 'project.created'
  | 'project.updated'
  | 'authentication.failed'
  | 'secret.rotated'
  | 'account.created'
  | 'account.updated'
  | 'account.password_changed'
  | 'account.password_reset'
  | 'account.reset_link_created'
  | 'account.totp_enabled'
  | 'account.totp_disabled'
  | 'session.started'
  | 'session.ended'
  | 'session.stepped_up'
  | 'member.added'
  | 'member.updated'
  | 'member.removed'
  | 'invitation.created'
  | 'invitation.revoked';

/** Which audit log entries; all conditions must match. */
export type AuditFilter = {
  action?: AuditAction;
  actor_id?: string;
  target?: string;
  from?: string;
  to?: string;
};

export type AuditQuery = PageQuery & AuditFilter;

/** What happened to a field: its old and new value; of a list, what was added and removed. */
export type AuditChange = unknown[] | { added: unknown[]; removed: unknown[] };

/** `diff` maps each changed field to its change; `diff_omitted` counts the values that were too many to record. */
export type AuditEntry = {
  id: string;
  at: string;
  actor: { type: string; id: string };
  action: string;
  target: string;
  diff?: Record<string, AuditChange>;
  diff_omitted?: number;
  ip: string | null;
  request_id: string | null;
};
