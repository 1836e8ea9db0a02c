// biome-ignore-all lint/style/noExcessiveLinesPerFile: all types in one place, so that one page tells the whole API.
// What goes over the wire, written by hand so that it reads well; a test proves it equal to the server's schemas.

/** Every code an error of the server can have: a closed list. docs/errors.md tells the cure of each. */
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
  | 'conflict'
  | 'rotation_in_progress'
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
  | 'query_timeout'
  | 'internal';

/** A field that was not acceptable; `field` is a path such as `rate_limits.events`. */
export type FieldError = { field: string; code: string; message: string };

/** One page of a list. `next_cursor` is null on the last one. */
export type Page<T> = { data: T[]; next_cursor: string | null };

/** Which page of a list: `limit` rows (1 to 200, default 50) after `cursor`. */
export type PageQuery = { limit?: number; cursor?: string };

export type Platform = 'ios' | 'android' | 'web' | 'server' | 'other';

/** Where an event came from; every value is a text of at most 128 characters. */
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
  event_id?: string;
  app_id?: string;
  session_id?: string;
  timestamp?: string | number;
  properties?: Record<string, unknown>;
  context?: EventContext;
};

/** What became of a batch. Good events are stored even when others are rejected; `index` is the place in the batch. */
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

/** Which events to follow; all that is given must hold. */
export type StreamFilter = { app_id?: string; app_user_id?: string; event_name?: string[] };

/** Which stored events; all that is given must hold. */
export type EventFilter = StreamFilter & {
  event_id?: string;
  session_id?: string;
  from?: string;
  to?: string;
  /** `NAME:VALUE`, each of which must hold. */
  property?: string[];
};

export type EventQuery = PageQuery & EventFilter;

/** The forms an export can have: a JSON object a line, or a table. */
export type ExportFormat = 'ndjson' | 'csv';

/** An event as it is stored. */
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

/** Which events numbers count; each list means any of its values. */
export type NumbersQuery = {
  app_id?: string;
  timezone?: string;
  platform?: string[];
  country?: string[];
  app_version?: string[];
  event_name?: string[];
};

/** What an answer in numbers says of itself. */
export type NumbersMeta = {
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
export type DailyQuery = NumbersQuery & { days?: number; start?: string; end?: string; metrics?: string[] };

/** A day in numbers; money is an exact decimal. */
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
  meta: NumbersMeta & { start: string; end: string; metrics: Metric[] };
};

/**
 * `by` is `event_name`, `platform`, `country`, `app_version` or `property:NAME`; `limit` values (1 to 200, default 10) are
 * told apart.
 */
export type BreakdownQuery = NumbersQuery & {
  days?: number;
  start?: string;
  end?: string;
  by: string;
  metric?: 'events' | 'users' | 'revenue';
  limit?: number;
};

/** How much: the metric asked for, and its share of the whole, null where it is no part of one. */
export type Measure = {
  events?: number;
  users?: number;
  revenue?: string;
  revenue_by_currency?: Record<string, string>;
  share: number | null;
};

/** The highest values first, and all others together; `value` is null for events that carry none. */
export type BreakdownAnswer = {
  data: (Measure & { value: string | null })[];
  other: Measure;
  meta: NumbersMeta & {
    start: string;
    end: string;
    by: string;
    metric: 'events' | 'users' | 'revenue';
    limit: number;
  };
};

export type LiveQuery = NumbersQuery;

export type LiveAnswer = {
  data: {
    active_users_5m: number;
    active_users_30m: number;
    dau_today: number;
    revenue_today: string;
    events_per_minute: number[];
    top_events: { event_name: string; events: number }[];
  };
  meta: NumbersMeta & { today: string };
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

/** What changes of an app; `deleted: false` restores it. */
export type AppChange = {
  name?: string;
  platform?: Platform;
  bundle_id?: string | null;
  timezone?: string;
  currency?: string;
  deleted?: false;
};

/** `rate` flows back per second; `burst` can be spent at once. */
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

/** A key's record: everything but its secret. */
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

/** A key with its new secret under `key`: the only time it is shown. */
export type MintedKey = ApiKey & { key: string };

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

/** What changes of a key; null takes a restriction away. */
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

/** What the presented key is. A client key learns only the members that are not optional. */
export type OwnKey = Pick<ApiKey, 'id' | 'type' | 'scopes' | 'project_id' | 'app_ids' | 'expires_at'> &
  Partial<ApiKey>;

/** What became of reporting a client key as leaked. */
export type LeakReport = { id: string; message: string };

/** From and to, RFC 3339; by default the last seven days. */
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

/** Which entries of the audit log; all that is given must hold. */
export type AuditFilter = {
  action?: AuditAction;
  actor_id?: string;
  target?: string;
  from?: string;
  to?: string;
};

export type AuditQuery = PageQuery & AuditFilter;

/** `diff` maps a field to its value before and after. */
export type AuditEntry = {
  id: string;
  at: string;
  actor: { type: string; id: string };
  action: string;
  target: string;
  diff?: Record<string, unknown[]>;
  ip: string | null;
  request_id: string | null;
};
